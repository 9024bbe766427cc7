import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import test from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import { authenticateUpgrade } from '../../src/websocket/index.js';
import { readProjectFile } from '../architecture/source-tree.js';
import { startService } from '../support/service.js';
import { codeBlocks } from './pages.js';
import { readTable } from './tables.js';

const page = 'docs/troubleshooting.md';
const manifest: { readonly exports: object; readonly peerDependencies: object } = JSON.parse(
  readProjectFile('package.json'),
);

test('the table of packages has every import of the package that needs another package, and every optional peer dependency', (t) => {
  const rows = readTable(readProjectFile(page), '| import | packages to install |');
  const imports = rows.flatMap(([cell = '']) => cell.match(/session-mailbox[\w/-]*/g) ?? []);
  const exported = Object.keys(manifest.exports).map((subpath) => subpath.replace('.', 'session-mailbox'));
  for (const each of imports) t.true(exported.includes(each), each);
  const packages = new Set(rows.flatMap(([, cell = '']) => cell.match(/@?[\w.-]+(?:\/[\w-]+)?/g) ?? []));
  for (const peer of Object.keys(manifest.peerDependencies)) {
    t.true(packages.has(peer), peer);
  }
});

test('a script in which only a held poll is awaited ends with exit code 13, and with the remedy it gets its answer', (t) => {
  const poll = (before: string, after: string) => `
    import { startSessions } from 'session-mailbox';
    const { sessions, stop } = await startSessions();
    const { id } = await sessions.createSession('alice');
    ${before};
    const { lost } = await sessions.poll(id, { after: '', wait: 50 });
    ${after};
    console.log(lost);
    await stop();`;
  const run = (code: string) => spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  const page = readProjectFile('docs/troubleshooting.md');
  const [, before = '', after = ''] = /`(const timer = [^`]+)` before it and `([^`]+)` after it/.exec(page) ?? [];
  t.like(run(poll('', '')), { status: 13, stdout: '' });
  t.like(run(poll(before, after)), { status: 0, stdout: '0\n' });
});

test('with the remedy for a WebSocket refused with 400 each of the two servers accepts its own path', async (t) => {
  const { manager } = await startService(t);
  const server = createServer();
  const webSocketServer = new WebSocketServer({ noServer: true });
  const code = codeBlocks(page, ['js'])[0]?.text ?? '';
  new Function('authenticateUpgrade', 'server', 'sessions', 'webSocketServer', 'WebSocketServer', code)(
    authenticateUpgrade,
    server,
    manager,
    webSocketServer,
    WebSocketServer,
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const { token } = await manager.createSession('alice');
  for (const path of ['/ws', '/other']) {
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    await once(socket, 'open');
    const closed = once(socket, 'close');
    socket.terminate();
    await closed;
  }
  t.pass();
});

test('the remedy for the override of cookie is valid JSON that names packages which depend on it', (t) => {
  const [block] = codeBlocks(page, ['json']);
  const { overrides }: { overrides: Record<string, { cookie: string }> } = JSON.parse(block?.text ?? '');
  for (const [name, { cookie }] of Object.entries(overrides)) {
    const { dependencies } = JSON.parse(readProjectFile(`node_modules/${name}/package.json`));
    t.true('cookie' in dependencies, name);
    t.is(cookie, '^1.1.1');
  }
});
