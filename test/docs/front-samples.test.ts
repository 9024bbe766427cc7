import { execFile, spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { projectPath, readProjectFile } from '../architecture/source-tree.js';
import { request } from '../support/http-client.js';
import { limits } from '../support/limits.js';

// Within the project, so that `session-mailbox` resolves to this package, and other packages to those installed here.
const folder = projectPath('.build/docs-samples/fronts');
const compiler = fileURLToPath(import.meta.resolve('typescript')).replace(/lib[\\/][^\\/]*$/, 'bin/tsc');
const fronts = ['node', 'fetch'] as const;

test.before('the samples are compiled with the flags of the pages', async (t) => {
  t.timeout(limits.test);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const front of fronts) {
    const [, sample = ''] = /^```ts\n\/\/ server\.ts\n([\s\S]*?)^```$/m.exec(readProjectFile(`docs/${front}.md`)) ?? [];
    await writeFile(`${folder}/${front}.ts`, sample);
  }
  const compilerOptions = { target: 'es2022', module: 'nodenext', types: ['node'], strict: true, skipLibCheck: true };
  await writeFile(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions }));
  await promisify(execFile)(process.execPath, [compiler, '-p', folder]);
});

/** Starts a compiled sample on a free port. */
async function start(t: ExecutionContext, file: string) {
  const child = spawn(process.execPath, [`${folder}/${file}`], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, port] = /^Listening on http:\/\/127\.0\.0\.1:([0-9]+)$/.exec(line) ?? [];
    if (port !== undefined) return { child, port: Number(port), exit };
  }
  throw new Error(`${file} ended before it listened`);
}

for (const front of fronts) {
  test(`docs/${front}.md: login, poll and logout work, and the server stops on SIGTERM`, async (t) => {
    t.timeout(limits.test);
    const { child, port, exit } = await start(t, `${front}.js`);
    const sendText = (body: string, headers: Readonly<Record<string, string>> = {}) =>
      request(port, '/login', { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
    const send = (body: object, headers: Readonly<Record<string, string>> = {}) =>
      sendText(JSON.stringify(body), headers);
    const logIn = (password: string, headers: Readonly<Record<string, string>> = {}) =>
      send({ name: 'alice', password }, headers);
    t.is((await logIn('wrong')).status, 401);
    t.is((await send({ name: 'alice' })).status, 401);
    t.is((await send({ name: 'carol' })).status, 401, 'neither a known name nor a password');
    for (const odd of ['', 'null', '"alice"', '{"name":']) t.is((await sendText(odd)).status, 401, odd);
    t.is((await sendText(JSON.stringify({ name: 'alice', password: 'x'.repeat(10_000) }))).status, 413);
    t.is((await logIn('wonderland', { Origin: 'https://other.example' })).status, 403);
    let login = await logIn('wonderland');
    // More logins of one browser than the account may have sessions.
    for (let each = 1; each <= 6; each += 1) {
      t.is(login.status, 204);
      login = await logIn('wonderland', { Cookie: (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '' });
    }
    t.is(login.status, 204);
    const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    t.regex(cookie, /^sid=[0-9A-Za-z]{64}$/);
    t.deepEqual(JSON.parse((await request(port, '/me', { cookie })).body), { account: 'alice' });
    t.is((await request(port, '/me')).status, 401);
    t.deepEqual(JSON.parse((await request(port, '/poll?after=&wait=0', { cookie })).body).messages, []);
    const held = request(port, '/poll?after=', { cookie });
    const logout = await request(port, '/sessions/current', { method: 'DELETE', cookie });
    t.is(logout.status, 204);
    t.regex(logout.headers.get('set-cookie') ?? '', /^sid=;.*Max-Age=0/);
    // The poll was held when the session ended, or refused if it arrived after the end.
    t.is(JSON.parse((await held).body).closed.code, 'logout');
    child.kill('SIGTERM');
    t.is(await exit, 0);
  });
}
