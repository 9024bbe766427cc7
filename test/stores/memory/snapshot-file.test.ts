import { chmod, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { app, isUnknown } from '../../../src/conformance/trial.js';
import { hashSecret, newSecret } from '../../../src/store/session-token.js';
import { SnapshotFolder } from './snapshot-fixture.js';

test('the file contains no secret, only hashes', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const trial = await folder.start();
  const secret = newSecret();
  const rotated = newSecret();
  const { id, secretHash } = await trial.login('alice', { id: 'A'.repeat(24) });
  await trial.store.rotate(app, id, hashSecret(secret), false);
  await trial.store.rotate(app, id, hashSecret(rotated), false);
  await trial.close();
  const text = await folder.text();
  t.false(text.includes(secret) || text.includes(rotated) || text.includes(secretHash));
  // The latter hash distinguishes a rotated token from a wrong one.
  t.true(text.includes(hashSecret(rotated)) && text.includes(hashSecret(secret)));
});

test('only its owner can read and write the file, no matter what existed before and in which folder', async (t) => {
  const folder = await SnapshotFolder.make(t);
  await writeFile(folder.path, '', { mode: 0o666 });
  await writeFile(`${folder.path}.partial`, 'left by a crash', { mode: 0o666 });
  await chmod(`${folder.path}.partial`, 0o666);
  const trial = await folder.start();
  await trial.login();
  await trial.close();
  t.is((await stat(folder.path)).mode & 0o777, 0o600);
  const file = folder.file(join(folder.folder, 'new', 'deep', 'file'));
  await file.write([], 0, { now: 0 });
  t.is((await stat(file.path)).mode & 0o777, 0o600);
  t.is((await stat(join(folder.folder, 'new'))).mode & 0o777, 0o700);
});

test('no other file is left next to the snapshot', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const trial = await folder.start();
  await trial.login();
  await trial.close();
  t.deepEqual(await folder.names(), ['sessions.snapshot']);
});

test('a snapshot is removed after it was restored, so that a crash revives no session that was closed later', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start();
  const { id } = await before.login();
  await before.close();
  const crashing = await folder.start();
  t.deepEqual(await folder.names(), []);
  await crashing.store.end(app, id, 'revoked');
  await folder.crash();
  const after = await folder.start();
  await isUnknown(after.store.get(app, id));
  t.deepEqual(folder.warnings, []);
});

test('a failed write leaves the old file intact, and no unfinished file', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const file = folder.file();
  await file.write([{ a: 1 }, { a: 2 }], 2, { now: 0 });
  const before = await folder.text();
  function* failing() {
    yield { a: 'x'.repeat(1_000_000) };
    throw new Error('no more');
  }
  await t.throwsAsync(file.write(failing(), 2, { now: 0 }), { message: 'no more' });
  t.is(await folder.text(), before);
  t.deepEqual(await folder.names(), ['sessions.snapshot']);
  await file.write([{ a: 3 }], 1, { now: 0 });
  const records: unknown[] = [];
  t.is((await file.read((record) => records.push(record)))?.records, 1);
  t.deepEqual(records, [{ a: 3 }]);
});

test('a stop that can not write its snapshot reports that', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const trial = await folder.start();
  await mkdir(folder.path);
  await trial.login();
  await t.throwsAsync(trial.close());
});

test('a snapshot can be restored after it was moved', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start();
  const { id } = await before.login();
  await before.close();
  const moved = join(folder.folder, 'moved');
  await rename(folder.path, moved);
  const after = await folder.start({}, folder.file(moved));
  t.is((await after.store.get(app, id)).id, id);
  await after.close();
});

test('a snapshot to which others may write is refused at the start, and left unchanged', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start();
  const { id } = await before.login();
  await before.close();
  await chmod(folder.path, 0o606);
  await t.throwsAsync(folder.start(), {
    code: 'STORE_UNAVAILABLE',
    message: `The session snapshot ${folder.path} can't be trusted: ${folder.path} can be written to by all users (mode 0606)`,
  });
  await chmod(folder.path, 0o600);
  const after = await folder.start();
  t.is((await after.store.get(app, id)).id, id, 'the file was not touched');
  await after.close();
});

test('a snapshot in a folder where others may replace it is refused, even before it exists', async (t) => {
  const folder = await SnapshotFolder.make(t);
  await chmod(folder.folder, 0o777);
  await t.throwsAsync(folder.start(), { code: 'STORE_UNAVAILABLE', message: /can't be trusted: .* by all users/ });
});
