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
const express = readProjectFile('docs/express-session.md');
const passport = readProjectFile('docs/passport.md');

function block(page: string, language: string): string {
  const [, text] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(page) ?? [];
  if (text === undefined) throw new Error(`the page has no block of ${language}`);
  return text;
}

/** Returns the packages that the page says to install. */
function installed(page: string): readonly string[] {
  const [, names = ''] = /^npm install (.*)$/m.exec(page) ?? [];
  return names.split(' ');
}

/** Creates an empty folder that has these packages, and no other, in its node_modules. */
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

interface RunningSample {
  ask(method: string, path: string, form?: Record<string, string>): Promise<Response>;
  forgetCookie(): void;
  /** Returns what the server wrote to stderr. */
  errors(): string;
}

/** Starts the sample of the page with only the packages that the page says to install. */
async function serve(t: ExecutionContext, page: string, ready: string): Promise<RunningSample> {
  t.regex(page, /^npm pkg set type=module$/m);
  const folder = await folderWith(t, installed(page));
  const [port] = await freePorts(1);
  await writeFile(join(folder, 'server.js'), block(page, 'js').replace('3000', String(port)));
  const server = spawn(process.execPath, ['server.js'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => server.kill('SIGKILL'));
  let errors = '';
  server.stderr.on('data', (text) => {
    errors += text;
  });
  let cookie = '';
  const ask = async (method: string, path: string, form?: Record<string, string>): Promise<Response> => {
    const body = form === undefined ? null : new URLSearchParams(form);
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { cookie }, body });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    return response;
  };
  const serves = () =>
    ask('GET', ready).then(
      () => true,
      () => false,
    );
  await eventually(async () => server.exitCode !== null || (await serves()), { patience: limits.processes });
  t.is(server.exitCode, null, errors);
  const forgetCookie = () => {
    cookie = '';
  };
  return { ask, forgetCookie, errors: () => errors };
}

test('the sample works as the page says with only the packages that the page says to install', async (t) => {
  const { ask, forgetCookie, errors } = await serve(t, express, '/devices');
  t.is((await ask('GET', '/devices')).status, 401);
  t.deepEqual(await (await ask('POST', '/login/alice')).json(), { account: 'alice' });
  t.deepEqual(await (await ask('POST', '/hello')).json(), { accepted: 1, dropped: 0, refused: 0 });
  t.like(await (await ask('GET', '/poll?after=')).json(), { messages: [{ offset: 1, data: { text: 'hi' } }] });
  t.like(await (await ask('GET', '/devices')).json(), [{ accountId: 'alice' }]);
  t.is((await ask('POST', '/logout')).status, 200);
  t.is((await ask('GET', '/poll?after=')).status, 401);
  const statuses = [];
  for (let login = 1; login <= 6; login += 1) {
    forgetCookie();
    statuses.push((await ask('POST', '/login/alice')).status);
  }
  t.deepEqual(statuses, [200, 200, 200, 200, 200, 409]);
  t.is((await ask('GET', '/devices')).status, 401, 'the refused login is none');
  t.is(errors(), '');
});

test('the sample with Passport logs in, refuses the login over the limit, and logs out', async (t) => {
  const { ask, forgetCookie, errors } = await serve(t, passport, '/me');
  const alice = { username: 'alice', password: 'secret' };
  t.is((await ask('POST', '/login', { ...alice, password: 'wrong' })).status, 401);
  for (let login = 1; login <= 3; login += 1) {
    forgetCookie();
    t.deepEqual(await (await ask('POST', '/login', alice)).json(), { account: 'alice' });
  }
  t.is((await ask('GET', '/poll?after=&wait=0')).status, 200);
  t.is((await ask('POST', '/login', alice)).status, 200, 'the old session of this browser ended');
  t.is((await ask('POST', '/logout')).status, 200);
  t.deepEqual(await (await ask('GET', '/me')).json(), { account: null });
  forgetCookie();
  t.is((await ask('POST', '/login', alice)).status, 200);
  forgetCookie();
  const refused = await ask('POST', '/login', alice);
  t.is(refused.status, 409);
  t.like(await refused.json(), { code: 'SESSION_LIMIT' });
  t.deepEqual(await (await ask('GET', '/me')).json(), { account: null });
  t.is(errors(), '');
});

test('the sample with the declaration of the page is valid TypeScript', async (t) => {
  const folder = await folderWith(t, [
    ...installed(express),
    '@types/express',
    '@types/express-session',
    '@types/node',
  ]);
  const compile = (flags: string) => {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const args = [compiler, ...`--noEmit --strict --skipLibCheck --target es2023 --types node ${flags}`.split(' ')];
    return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: limits.processes }).stdout;
  };
  await writeFile(join(folder, 'server.ts'), `${block(express, 'js')}\n${block(express, 'ts')}`);
  t.is(compile('--module nodenext server.ts'), '');
  await writeFile(join(folder, 'server.ts'), block(express, 'js'));
  await writeFile(join(folder, 'keys.ts'), block(express, 'ts'));
  t.is(compile('--module esnext --moduleResolution bundler server.ts keys.ts'), '', 'in a file of its own');
});
