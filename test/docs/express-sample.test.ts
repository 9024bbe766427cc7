import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { readProjectFile } from '../architecture/source-tree.js';
import { eventually } from '../support/eventually.js';
import { freePorts } from '../support/free-port.js';
import { limits } from '../support/limits.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readProjectFile('docs/express-session.md');

function block(language: string): string {
  const [, text] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page) ?? [];
  if (text === undefined) throw new Error(`docs/express-session.md has no block of ${language}`);
  return text;
}

/** The packages that the page says to install. */
function installed(): readonly string[] {
  const [, names = ''] = /^npm install (.*)$/m.exec(page) ?? [];
  return names.split(' ');
}

/** An empty folder with these packages, and no other, in its node_modules. */
async function folderWith(t: ExecutionContext, packages: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'express-sample-'));
  t.teardown(() => rm(folder, { recursive: true }));
  for (const name of packages) {
    const path = join(folder, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(name === 'session-mailbox' ? root : join(root, 'node_modules', name), path);
  }
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  return folder;
}

test('the sample, with the packages that the page says to install, serves what the page says', async (t) => {
  t.regex(page, /^npm pkg set type=module$/m);
  const folder = await folderWith(t, installed());
  const [port] = await freePorts(1);
  await writeFile(join(folder, 'server.js'), block('js').replace('3000', String(port)));
  const server = spawn(process.execPath, ['server.js'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => server.kill('SIGKILL'));
  let errors = '';
  server.stderr.on('data', (text) => {
    errors += text;
  });
  let cookie = '';
  const ask = async (method: string, path: string): Promise<Response> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { cookie } });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    return response;
  };
  const serves = () =>
    ask('GET', '/devices').then(
      () => true,
      () => false,
    );
  await eventually(async () => server.exitCode !== null || (await serves()), { patience: limits.processes });
  t.is(server.exitCode, null, errors);

  t.is((await ask('GET', '/devices')).status, 401);
  t.deepEqual(await (await ask('POST', '/login/alice')).json(), { account: 'alice' });
  t.deepEqual(await (await ask('POST', '/hello')).json(), { accepted: 1, dropped: 0, refused: 0 });
  t.like(await (await ask('GET', '/poll?after=')).json(), { messages: [{ offset: 1, data: { text: 'hi' } }] });
  t.like(await (await ask('GET', '/devices')).json(), [{ accountId: 'alice' }]);
  t.is((await ask('POST', '/logout')).status, 200);
  t.is((await ask('GET', '/poll?after=')).status, 401);
  t.is(errors, '');
});

test('the sample with the declaration of the page is valid TypeScript', async (t) => {
  const folder = await folderWith(t, [...installed(), '@types/express', '@types/express-session', '@types/node']);
  await writeFile(join(folder, 'server.ts'), `${block('js')}\n${block('ts')}`);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const flags = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
  ];
  const { stdout } = spawnSync(process.execPath, [compiler, ...flags, 'server.ts'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: limits.processes,
  });
  t.is(stdout, '');
});
