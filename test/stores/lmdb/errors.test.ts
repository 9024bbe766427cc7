import { execFile, fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { type Login, Trial } from '../../../src/conformance/trial.js';
import { SessionContext, SessionError } from '../../../src/index.js';
import { LmdbStore, type LmdbStoreOptions } from '../../../src/stores/lmdb/index.js';
import { faultsIn } from './consistency.js';
import { freshPlace } from './fresh-place.js';

const run = promisify(execFile);

/** The user nobody, who may do nothing. */
const nobody = 65_534;

function programOf(name: string): string {
  return fileURLToPath(new URL(`./nodes/${name}.js`, import.meta.url));
}

/** Opens a store there in a process of its own, which must end by itself whatever is there. */
async function opening(path: string, user?: number): Promise<string> {
  const asUser = user === undefined ? {} : { uid: user, gid: user };
  const { stdout } = await run(process.execPath, [programOf('opening'), path], { timeout: 60_000, ...asUser });
  return stdout;
}

/** A store opened here, with a way to use it. */
async function opened(t: ExecutionContext, options: LmdbStoreOptions): Promise<Trial> {
  const store = new LmdbStore(new SessionContext({ maxSession: 0 }), options);
  const trial = new Trial({ store, advance: async () => {}, close: () => store.close() }, 1, {
    gcTime: 60_000,
    maxAge: 0,
  });
  await store.open(trial);
  t.teardown(() => store.close());
  return trial;
}

/** A place with some sessions, which nobody has open any more. */
async function usedPlace(t: ExecutionContext): Promise<{ readonly path: string; readonly file: string }> {
  const { path } = await freshPlace(t);
  const trial = await opened(t, { path });
  for (let each = 0; each < 300; each += 1) {
    await trial.login(`account-${each}`, { attributes: { text: JSON.stringify('x'.repeat(500)) } });
  }
  await trial.close();
  return { path, file: join(path, 'data.mdb') };
}

test('what is to be damaged below can be opened as it is', async (t) => {
  const { path } = await usedPlace(t);
  t.is(await opening(path), 'opened');
});

test('a data file of random bytes is a damaged environment, and is left as it is', async (t) => {
  const { path } = await freshPlace(t);
  const bytes = randomBytes(100_000);
  await writeFile(join(path, 'data.mdb'), bytes);
  t.regex(await opening(path), /^STORE_UNAVAILABLE: The LMDB environment in .* is damaged: move the directory away/);
  t.deepEqual(await readFile(join(path, 'data.mdb')), bytes);
});

for (const [name, size] of [
  ['a few bytes', 10],
  ['half of its first page', 2_048],
  ['its first page', 4_096],
] as const) {
  test(`a data file cut down to ${name} is a damaged environment`, async (t) => {
    const { path, file } = await usedPlace(t);
    await truncate(file, size);
    t.regex(await opening(path), /^STORE_UNAVAILABLE: .* is damaged/);
  });
}

test('a data file without its second half is told to be damaged, and ends no process', async (t) => {
  const { path, file } = await usedPlace(t);
  await truncate(file, Math.floor((await stat(file)).size / 2 / 4_096) * 4_096);
  t.regex(await opening(path), /^STORE_UNAVAILABLE: .* is damaged/);
});

test('a data file of another version, or of another byte order, is told apart', async (t) => {
  const { path, file } = await usedPlace(t);
  const sound = await readFile(file);
  const version = Buffer.from(sound);
  version.writeUInt32LE(1, 28);
  version.writeUInt32LE(1, 4_096 + 28);
  const order = Buffer.from(sound);
  order.subarray(24, 28).reverse();
  for (const bytes of [version, order]) {
    await writeFile(file, bytes);
    t.regex(await opening(path), /^STORE_UNAVAILABLE: .* was made by another version, or on another kind of machine/);
  }
});

test('a path that is a file, or leads through one, is told so', async (t) => {
  const { path } = await freshPlace(t);
  const file = join(path, 'a-file');
  await writeFile(file, 'x');
  t.regex(await opening(file), /^STORE_UNAVAILABLE: .* is not a directory/);
  t.regex(await opening(join(file, 'below')), /^STORE_UNAVAILABLE: .* is not a directory/);
});

test('a directory that this user may not write is told so', async (t) => {
  const { path } = await freshPlace(t);
  await chmod(path, 0o500);
  const user = process.getuid?.() === 0 ? nobody : undefined;
  t.regex(
    await opening(path, user),
    /^STORE_UNAVAILABLE: This process may not read and write .*: give it the permission/,
  );
  await chmod(path, 0o700);
});

test('the directory is for its owner alone, and so are the files in it', async (t) => {
  const { path } = await freshPlace(t);
  const made = join(path, 'deep', 'sessions');
  await opened(t, { path: made });
  t.is((await stat(made)).mode & 0o777, 0o700);
  for (const file of ['data.mdb', 'lock.mdb']) t.is((await stat(join(made, file))).mode & 0o777, 0o600);
});

test('an environment that is full refuses what grows, goes on with the rest, and recovers', async (t) => {
  const trial = await opened(t, { ...(await freshPlace(t)), mapSize: 2_097_152 });
  const logins: Login[] = [];
  const large = { attributes: { text: JSON.stringify('x'.repeat(3_000)) } };
  let refusal: unknown;
  while (refusal === undefined && logins.length < 5_000) {
    await trial.login(`account-${logins.length}`, large).then(
      (login) => logins.push(login),
      (error) => {
        refusal = error;
      },
    );
  }
  t.true(SessionError.is(refusal, 'STORE_UNAVAILABLE') && /MDB_MAP_FULL/.test(refusal.message), String(refusal));
  t.true(logins.length > 100);
  const [first] = logins;
  if (first === undefined) return;
  t.is((await trial.store.get('default', first.id)).id, first.id);
  await trial.store.authenticate('default', first.id, first.secretHash);
  await t.throwsAsync(trial.push(first.id, 'x'), { code: 'STORE_UNAVAILABLE' });
  for (const { id } of logins.slice(1, 50)) await trial.store.end('default', id, 'logout');
  await trial.login('latecomer', large);
});

test('a full disk refuses what grows, and harms nothing', async (t) => {
  const { path } = await freshPlace(t);
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]).then(
    () => true,
    () => false,
  );
  if (!isMounted) {
    t.log('needs the right to mount a small file system');
    t.pass();
    return;
  }
  t.teardown(async () => void (await run('umount', ['--lazy', path])));
  const trial = await opened(t, { path });
  const logins: Login[] = [];
  const error = await t.throwsAsync(async () => {
    for (;;) logins.push(await trial.login('alice', { attributes: { text: JSON.stringify('x'.repeat(2_000)) } }));
  });
  t.regex(String(error?.message), /^The disk that holds .* is full.*: make room on it/);
  t.is(SessionError.is(error, 'STORE_UNAVAILABLE'), true);
  t.true(logins.length > 50);
  const [first] = logins;
  t.is((await trial.store.get('default', first?.id ?? '')).accountId, 'alice');
  for (const { id } of logins.slice(0, 20)) await trial.store.end('default', id, 'logout');
  await trial.close();
  t.deepEqual(await faultsIn(path), []);
});

test('when there are too many readers, what would be one more says so', async (t) => {
  const { path } = await freshPlace(t);
  const hog = fork(programOf('reader-leak'), [path]);
  t.teardown(() => void hog.kill('SIGKILL'));
  await once(hog, 'message');
  const trial = await opened(t, { path, patience: 60_000 });
  const { id } = await trial.login();
  const refusal = { code: 'STORE_UNAVAILABLE', message: /^Too many processes use the LMDB environment in .* at once/ };
  await t.throwsAsync(trial.store.get('default', id), refusal);
  hog.kill('SIGKILL');
  await once(hog, 'exit');
  t.is((await trial.store.get('default', id)).id, id);
});

test('a lock that another process does not let go of fails the opening after the patience, and blocks nobody', async (t) => {
  const { path } = await usedPlace(t);
  const holder = fork(programOf('lock-holder'), [path]);
  t.teardown(() => void holder.kill('SIGKILL'));
  await once(holder, 'message');
  const store = new LmdbStore(new SessionContext(), { path, patience: 500 });
  const error = await t.throwsAsync(
    store.open(new Trial({ store, advance: async () => {}, close: async () => {} }, 1, {})),
  );
  t.regex(String(error?.message), /lock of the LMDB environment in .* is held by another process/);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  t.is(await opening(path), 'opened');
});

test('a process that could not get the lock ends all the same', async (t) => {
  const { path } = await usedPlace(t);
  const holder = fork(programOf('lock-holder'), [path]);
  t.teardown(() => void holder.kill('SIGKILL'));
  await once(holder, 'message');
  const child = spawn(process.execPath, [programOf('opening'), path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const [code, signal] = await once(child, 'close');
  t.deepEqual([code, signal], [null, 'SIGKILL'], 'ended by itself, the only way there is');
  t.regex(text, /is held by another process/);
});

test('while another process holds the lock operations fail after the patience, the event loop runs, and all resumes', async (t) => {
  const { path } = await freshPlace(t);
  const trial = await opened(t, { path, patience: 10_000 });
  const login = await trial.login();
  const holder = fork(programOf('lock-holder'), [path]);
  t.teardown(() => void holder.kill('SIGKILL'));
  await once(holder, 'message');
  const begun = performance.now();
  let turns = 0;
  const counting = setInterval(() => {
    turns += 1;
  }, 10);
  await t.throwsAsync(trial.push(login.id, 'x'), { code: 'STORE_UNAVAILABLE', message: /gave no answer for 10000 ms/ });
  t.true(performance.now() - begun < 60_000);
  clearInterval(counting);
  t.true(turns > 10, 'nothing else had to wait');
  await t.throwsAsync(trial.push(login.id, 'x'), { code: 'STORE_UNAVAILABLE' });
  holder.kill('SIGKILL');
  for (;;) {
    const isBack = await trial.push(login.id, 'y').then(
      () => true,
      () => false,
    );
    if (isBack) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.true(trial.notices.some(({ kind }) => kind === 'missed'));
});

test('options that can not be are refused, with rule and value', (t) => {
  const context = new SessionContext();
  for (const options of [
    { path: '' },
    { path: 'x', durability: 'sometimes' },
    { path: 'x', flushInterval: 5 },
    { path: 'x', mapSize: 1_000 },
    { path: 'x', lookInterval: 0.5 },
    { path: 'x', patience: -1 },
    { path: 'x', mapsize: 1_048_576 },
    {},
    undefined,
  ]) {
    const error = t.throws(() => new LmdbStore(context, options as LmdbStoreOptions), { code: 'INVALID_ARGUMENT' });
    t.regex(error.message, /must be|is not an option/);
  }
});
