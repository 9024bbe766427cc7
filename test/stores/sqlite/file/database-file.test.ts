import { execFile } from 'node:child_process';
import fs from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { DatabaseFile } from '../../../../src/stores/sqlite/file/database-file.js';
import { networkFileSystem } from '../../../../src/stores/sqlite/file/network-file-systems.js';
import { explain } from '../../../../src/stores/sqlite/unavailable.js';
import { freshPath } from '../create-sqlite-store.js';

const driver = await loadDriver();
const isRoot = process.getuid?.() === 0;
/** Id of a user that is not the user of this process. */
const stranger = 65_534;

function opened(path: string): Promise<DatabaseFile> {
  return DatabaseFile.open(path, driver, 1_000);
}

/** Returns the error message for the operator, or `opened` if the file could be opened. */
async function opening(path: string): Promise<string> {
  try {
    (await opened(path)).close();
    return 'opened';
  } catch (error) {
    return explain(error);
  }
}

test('the file, its log and its index are accessible to their owner only, and so is a directory that open creates', async (t) => {
  const path = join(dirname(await freshPath(t)), 'deep', 'sessions.db');
  const file = await opened(path);
  for (const each of [path, `${path}-wal`, `${path}-shm`]) t.is((await lstat(each)).mode & 0o777, 0o600, each);
  t.is((await lstat(dirname(path))).mode & 0o777, 0o700);
  file.close();
});

test('a file to which all users may write is refused', async (t) => {
  const path = await freshPath(t);
  await writeFile(path, '');
  await chmod(path, 0o666);
  t.regex(await opening(path), /can be written to by all users/);
});

test('a directory to which all users may write is refused', async (t) => {
  const path = await freshPath(t);
  await chmod(dirname(path), 0o777);
  t.regex(await opening(path), /can be written to by all users/);
});

test('a file to which the group of the process may write is accepted', async (t) => {
  const path = await freshPath(t);
  await writeFile(path, '');
  await chmod(path, 0o660);
  t.is(await opening(path), 'opened');
});

// Only root can give a file to another user.
(isRoot ? test : test.skip)('a file, a log or a link that another user planted is refused', async (t) => {
  for (const suffix of ['', '-wal', '-shm']) {
    const path = await freshPath(t);
    await writeFile(path + suffix, '');
    await chown(path + suffix, stranger, stranger);
    t.regex(await opening(path), new RegExp(`belongs to user ${stranger}`), suffix);
  }
  const path = await freshPath(t);
  await symlink('/etc/hostname', path);
  await promisify(execFile)('chown', ['-h', String(stranger), path]);
  t.regex(await opening(path), new RegExp(`belongs to user ${stranger}`), 'link');
});

test('network file systems are recognised by their type', (t) => {
  t.is(networkFileSystem(0x6969), 'NFS');
  // The same type as reported by a system with signed numbers.
  t.is(networkFileSystem(0xff534d42 | 0), 'CIFS');
  t.is(networkFileSystem(0xef53), undefined, 'ext4');
  t.is(networkFileSystem(0x01021994), undefined, 'tmpfs');
});

test.serial('a directory on a network file system is refused, and no file is created there', async (t) => {
  const path = await freshPath(t);
  const real = fs.statfsSync;
  t.teardown(() => {
    fs.statfsSync = real;
    syncBuiltinESMExports();
  });
  const asNfs = (...args: Parameters<typeof real>) => ({ ...real(...args), type: 0x6969 });
  fs.statfsSync = Object.assign(asNfs, real);
  syncBuiltinESMExports();
  t.regex(await opening(path), /is on a network file system \(NFS\)/);
  t.is(await lstat(path).catch(() => undefined), undefined);
});

test('a database of another program is refused and left unchanged', async (t) => {
  const path = await freshPath(t);
  const database = driver.open(path);
  database.exec('CREATE TABLE theirs (id); INSERT INTO theirs VALUES (1)');
  database.close();
  await chmod(path, 0o600);
  t.is(await opening(path), 'it is a database of another program');
  const again = driver.open(path);
  t.deepEqual([...(again.prepare('SELECT id FROM theirs').get() ?? [])], [1]);
  t.is(again.prepare('SELECT count(*) FROM sqlite_schema').get()?.[0], 1);
  again.close();
});

test('a schema of another version is refused', async (t) => {
  const path = await freshPath(t);
  t.is(await opening(path), 'opened');
  const database = driver.open(path);
  database.exec('PRAGMA user_version = 999');
  database.close();
  t.regex(
    await opening(path),
    /its schema is of version 999, but this version of session-mailbox supports only version \d+/,
  );
});

test('a file that is not a database is refused and left unchanged', async (t) => {
  const path = await freshPath(t);
  const text = 'no database at all '.repeat(1_000);
  await writeFile(path, text, { mode: 0o600 });
  t.regex(await opening(path), /is damaged or is no SQLite database/);
  t.is(await readFile(path, 'utf8'), text);
});

test('a truncated file is refused', async (t) => {
  const path = await freshPath(t);
  t.is(await opening(path), 'opened');
  await truncate(path, 5_000);
  t.regex(await opening(path), /damaged/);
});

test('a path that is a directory or leads through a file is refused', async (t) => {
  const path = await freshPath(t);
  await mkdir(path, { mode: 0o700 });
  t.not(await opening(path), 'opened');
  const file = join(dirname(path), 'file');
  await writeFile(file, '');
  t.regex(await opening(join(file, 'sessions.db')), /ENOTDIR|EEXIST/);
});

test('the removal, move or replacement of the file is detected immediately, and so is its return', async (t) => {
  const path = await freshPath(t);
  const file = await opened(path);
  t.teardown(() => file.close());
  t.notThrows(() => file.requireInPlace());
  await rename(path, `${path}.moved`);
  t.throws(() => file.requireInPlace(), { message: /was removed or moved while it was in use/ });
  await copyFile(`${path}.moved`, path);
  t.throws(() => file.requireInPlace(), { message: /was replaced by another file/ });
  await rename(`${path}.moved`, path);
  t.notThrows(() => file.requireInPlace());
  await rm(`${path}-wal`);
  t.throws(() => file.requireInPlace(), { message: /-wal was removed or moved/ });
});

test('a file can not be opened through two copies of the library in one process', async (t) => {
  const path = await freshPath(t);
  const file = await opened(path);
  const another = { ...driver, library: 'another copy' };
  const refusal = { message: /another copy of the SQLite library has it open in this process/ };
  await t.throwsAsync(DatabaseFile.open(path, another, 1_000), refusal);
  const second = await opened(path);
  second.close();
  await t.throwsAsync(DatabaseFile.open(path, another, 1_000), refusal);
  file.close();
  (await DatabaseFile.open(path, another, 1_000)).close();
});

test('a new database can give back the space of deleted rows on request', async (t) => {
  const file = await opened(await freshPath(t));
  t.teardown(() => file.close());
  t.is(file.database.prepare('PRAGMA auto_vacuum').get()?.[0], 2);
});
