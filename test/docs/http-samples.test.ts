import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { SessionHttpOptions, sessionHttpModule } from '../../src/http/index.js';
import { readProjectFile } from '../architecture/source-tree.js';
import { request } from '../support/http-client.js';
import { Kit } from '../support/http-kit.js';
import { limits } from '../support/limits.js';
import { readTable, rowsByName } from './tables.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
// Within the project, so that `session-mailbox` resolves to this package, and other packages to those installed here.
const folder = `${root}.build/docs-samples/http`;
const compiler = fileURLToPath(import.meta.resolve('typescript')).replace(/lib[\\/][^\\/]*$/, 'bin/tsc');
const page = readProjectFile('docs/http.md');

function blocksOf(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);
}

test.before('the samples are compiled with the flags of the page', async (t) => {
  t.timeout(limits.test);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/tsconfig.json`, blocksOf('json')[0] ?? '');
  for (const sample of blocksOf('ts')) {
    const [, name] = /^\/\/ ([a-z]+\.ts)\n/.exec(sample) ?? [];
    if (name === undefined) throw new Error('a sample begins with a comment that names its file');
    await writeFile(`${folder}/${name}`, sample);
  }
  await promisify(execFile)(process.execPath, [compiler, '-p', folder]);
});

/** Starts a compiled sample on a free port. */
async function start(t: ExecutionContext, file: string): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => {
    child.kill('SIGKILL');
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, port] = /^Listening on http:\/\/127\.0\.0\.1:([0-9]+)$/.exec(line) ?? [];
    if (port !== undefined) return { child, port: Number(port) };
  }
  throw new Error(`${file} ended before it listened`);
}

for (const name of ['fastify', 'express', 'hono']) {
  test(`${name}.ts: login, poll, a route for one role, and logout work, and it stops on SIGTERM`, async (t) => {
    t.timeout(limits.test);
    const { child, port } = await start(t, `${name}.js`);
    const post = (path: string, body: object, cookie?: string, headers: Record<string, string> = {}) =>
      request(port, path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', ...headers },
        ...(cookie !== undefined && { cookie }),
      });
    const logIn = async (user: string, password: string) => {
      const response = await post('/login', { name: user, password });
      t.is(response.status, 204);
      return response.headers.get('set-cookie')?.split(';')[0] ?? '';
    };

    t.is((await post('/login', { name: 'alice', password: 'wrong' })).status, 401);
    const evil = { Origin: 'https://evil.example' };
    t.is((await post('/login', { name: 'bob', password: 'builder' }, undefined, evil)).status, 403);
    const first = await logIn('alice', 'wonderland');
    const again = await post('/login', { name: 'alice', password: 'wonderland' }, first);
    const alice = again.headers.get('set-cookie')?.split(';')[0] ?? '';
    t.is(
      (await request(port, '/me', { cookie: first })).status,
      401,
      'a login ends the session whose cookie it replaces',
    );
    const bob = await logIn('bob', 'builder');
    t.deepEqual(JSON.parse((await request(port, '/me', { cookie: alice })).body), { account: 'alice', role: 'admin' });

    const held = request(port, '/poll?after=', { cookie: bob });
    t.is((await post('/announcements', { text: 'hi' })).status, 401);
    t.is((await post('/announcements', { text: 'hi' }, bob)).status, 403);
    const announced = await post('/announcements', { text: 'hi' }, alice);
    t.deepEqual(JSON.parse(announced.body), { accepted: 2 });
    const batch = JSON.parse((await held).body);
    t.deepEqual(
      batch.messages.map(({ data }: { readonly data: unknown }) => data),
      [{ text: 'hi' }],
    );

    const logout = await request(port, '/sessions/current', { method: 'DELETE', cookie: alice });
    t.is(logout.status, 204);
    t.is((await request(port, '/me', { cookie: alice })).status, 401);
    t.is((await request(port, '/me', { cookie: bob })).status, 200);

    const last = request(port, `/poll?after=${batch.cursor}`, { cookie: bob });
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    t.deepEqual(await ended, [0, null]);
    // The server answers the poll if it arrived before the stop. It refuses connections after the stop.
    await last.catch(() => {});
  });
}

test('the table of options has every option of sessionHttpModule', (t) => {
  const rows = rowsByName(readTable(page, '| option of `sessionHttpModule` | default | meaning |'));
  t.deepEqual(Object.keys(rows).sort(), Object.keys(new SessionHttpOptions()).sort());
  t.notThrows(() => sessionHttpModule({ app: 'default', secure: false, trustedOrigins: ['https://app.example.com'] }));
});

test('the table of a listed session has every field of the response in its order, and unknown ids are answered as the page says', async (t) => {
  const kit = await Kit.start('fastify');
  t.teardown(() => kit.close());
  const { token } = await kit.logIn();
  const send = (path: string, method = 'GET') =>
    request(kit.port, path, { method, headers: { authorization: `Bearer ${token}` } });
  const rows = rowsByName(readTable(page, '| field of a listed session | meaning |'));
  const { sessions } = JSON.parse((await send('/sessions')).body);
  t.deepEqual(Object.keys(sessions[0]), Object.keys(rows));
  const unknown = await send(`/sessions/${'x'.repeat(24)}`, 'DELETE');
  t.is(unknown.status, 404);
  t.is(JSON.parse(unknown.body).code, 'SESSION_UNKNOWN');
  t.is((await send('/sessions', 'DELETE')).status, 400);
  t.is((await send('/sessions?except=current', 'DELETE')).status, 204);
  t.is((await send('/sessions/current', 'DELETE')).status, 204);
});
