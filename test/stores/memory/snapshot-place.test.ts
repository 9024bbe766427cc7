import { execFileSync } from 'node:child_process';
import { mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { SnapshotFolder } from './snapshot-fixture.js';

/** Asserts that a start with this path is refused, without a warning, and leaves the folder as it is. */
async function isRefused(t: ExecutionContext, folder: SnapshotFolder, path: string, reason: RegExp): Promise<void> {
  const before = await readdir(folder.folder);
  const error = await t.throwsAsync(folder.start({}, folder.file(path)), { code: 'STORE_UNAVAILABLE' });
  t.true(error?.message.startsWith(`The session snapshot ${path} can't be used: `), error?.message);
  t.regex(error?.message ?? '', reason);
  t.deepEqual(folder.warnings, []);
  t.deepEqual(await readdir(folder.folder), before, 'nothing is created, renamed or left behind');
}

test('a folder at the path of the snapshot is refused at the start, and is not renamed', async (t) => {
  const folder = await SnapshotFolder.make(t);
  await mkdir(folder.path);
  await writeFile(join(folder.path, 'file'), '');
  await isRefused(t, folder, folder.path, /it is a folder$/);
  t.true((await stat(join(folder.path, 'file'))).isFile());
});

test('a pipe at the path of the snapshot is refused at the start, and is not renamed', async (t) => {
  const folder = await SnapshotFolder.make(t);
  execFileSync('mkfifo', [folder.path]);
  await isRefused(t, folder, folder.path, /it is no file$/);
});

test('a snapshot that can not be read is refused at the start, because its sessions are not lost', async (t) => {
  const folder = await SnapshotFolder.make(t);
  // A link to itself can be read by no user, not even by an administrator, for whom permissions do not count.
  await symlink(folder.path, folder.path);
  await isRefused(t, folder, folder.path, /ELOOP/);
});

test('a snapshot whose folder can not be created is refused at the start', async (t) => {
  const folder = await SnapshotFolder.make(t);
  await writeFile(folder.path, '');
  await isRefused(t, folder, join(folder.path, 'below-a-file'), /ENOTDIR|EEXIST/);
  await isRefused(t, folder, join(folder.path, 'folder', 'file'), /ENOTDIR|EEXIST/);
});

// Only Linux has a folder in which an administrator can't create a file, either.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('a folder in which no file can be created is refused at the start', async (t) => {
  const folder = await SnapshotFolder.make(t);
  await isRefused(t, folder, '/proc/self/sessions.snapshot', /ENOENT|EACCES|EPERM/);
});

test('a snapshot that can be written but not locked is only a warning', async (t) => {
  const folder = await SnapshotFolder.make(t);
  // The name of the lock is longer than that of any other file.
  const path = join(folder.folder, 'x'.repeat(240));
  const trial = await folder.start({}, folder.file(path));
  t.is(folder.warnings.length, 1);
  t.regex(folder.warnings[0] ?? '', /can't be locked/);
  await trial.close();
  t.true((await readdir(folder.folder)).includes('x'.repeat(240)));
});
