import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { app, isClosed, isUnknown, offsetsOf, outgoing, renewal, valuesOf } from '../../../src/conformance/trial.js';
import { hashSecret, newSecret } from '../../../src/store/session-token.js';
import { SnapshotFolder } from './snapshot-fixture.js';

test('a restart keeps sessions unchanged, with their attributes and counters', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start();
  const attributes = { theme: '"dark"', toString: '1', 'é \u2028 👩': '"\u2029 \\" \\n"' };
  const session = before.newSession('Ålice 日本', {
    ip: '2001:db8::1',
    userAgent: 'Agent "1"',
    ttl: 7_000,
    level: 2,
    attributes,
  });
  await before.store.insert({ ...session, maxAge: 9_000 });
  await before.pass(10);
  await before.store.authenticate(app, session.id, session.secretHash);
  await before.store.patch(app, session.id, { lang: '"en"' });
  const other = await before.login('bob', { app: 'other' });
  await before.pass(5);
  const records = [await before.store.get(app, session.id), await before.store.get('other', other.id)];
  await before.close();

  const after = await folder.start();
  t.deepEqual([await after.store.get(app, session.id), await after.store.get('other', other.id)], records);
  const { record } = await after.store.authenticate(app, session.id, session.secretHash);
  t.deepEqual([record.reads, record.writes], [2, 1]);
  t.is(Object.getPrototypeOf(record.attributes), null);
  await isUnknown(after.store.authenticate(app, session.id, hashSecret(newSecret())));
  await after.close();
});

test('a restart keeps mailboxes: epoch, offsets, keys, readers and replaced offsets', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start({ msgMaxLength: 4 });
  const { id } = await before.login();
  await before.push(id, 'gone', 'had', 'b \u2028\u2029 👩');
  await before.store.append(app, id, outgoing('old', 'k'));
  await before.store.append(app, id, outgoing('new', 'k'));
  await before.push(id, 'c');
  const { epoch } = await before.read(id, { reader: 'drain', after: undefined });
  await before.acknowledge(id, 'drain', { epoch, offset: 2 });
  await before.read(id, { reader: 'slow', after: { epoch, offset: 2 } });
  const times = (await before.read(id, { reader: 'slow', after: { epoch, offset: 2 } })).messages.map(({ at }) => at);
  await before.close();
  await folder.clock.advance(50);

  const after = await folder.start({ msgMaxLength: 4 });
  t.is((await after.store.get(app, id)).undelivered, 3);
  const batch = await after.read(id, { reader: 'slow', after: before.cursor({ epoch, offset: 2 }) });
  t.deepEqual(
    [valuesOf(batch), offsetsOf(batch)],
    [
      ['b \u2028\u2029 👩', 'new', 'c'],
      [3, 5, 6],
    ],
  );
  t.deepEqual([batch.epoch, batch.reset, batch.lost, batch.offset], [epoch, false, 0, 6]);
  t.deepEqual(
    batch.messages.map(({ at }) => at),
    times,
  );
  t.deepEqual(valuesOf(await after.read(id, { reader: 'drain', after: undefined })), valuesOf(batch));
  await after.store.append(app, id, outgoing('newest', 'k'));
  const newest = await after.read(id, { reader: 'slow', after: { epoch, offset: 6 } });
  t.deepEqual([valuesOf(newest), offsetsOf(newest), newest.lost], [['newest'], [7], 0]);
  t.is((await after.read(id, { reader: 'fresh', after: '' })).lost, 0);
  await after.close();
});

test('after a restart, messages lost before it are still reported as lost', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start({ msgMaxLength: 2 });
  const { id } = await before.login();
  const { epoch } = await before.read(id);
  await before.push(id, 1, 2, 3, 4, 5);
  await before.close();
  const after = await folder.start({ msgMaxLength: 2 });
  const batch = await after.read(id, { after: { epoch, offset: 0 } });
  t.deepEqual([valuesOf(batch), batch.lost], [[4, 5], 3]);
  await after.close();
});

test('an emptied mailbox and one that was never used keep their cursors valid', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start();
  const [used, fresh] = [await before.login(), await before.login()];
  await before.push(used.id, 'a', 'b');
  const { epoch } = await before.read(used.id);
  await before.read(used.id, { after: { epoch, offset: 2 } });
  await before.close();
  const after = await folder.start();
  const quiet = await after.read(used.id, { after: before.cursor({ epoch, offset: 2 }) });
  t.deepEqual([quiet.messages, quiet.reset, quiet.offset, quiet.lost], [[], false, 2, 0]);
  await after.push(used.id, 'c');
  t.deepEqual(offsetsOf(await after.read(used.id, { after: before.cursor({ epoch, offset: 2 }) })), [3]);
  t.is((await after.read(fresh.id)).offset, 0);
  await after.close();
});

test('messages that are too old at the restart are dropped', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start({ messageTtl: 10 });
  const { id } = await before.login();
  await before.push(id, 'a');
  await before.pass(5);
  await before.push(id, 'b');
  await before.close();
  await folder.clock.advance(5);
  const after = await folder.start({ messageTtl: 10 });
  const batch = await after.read(id);
  t.deepEqual([valuesOf(batch), batch.lost], [['b'], 1]);
  await after.close();
});

test('a restart keeps presence: a session reported as away is not reported again, and returns once', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start({ hbGrace: 10 });
  const away = await before.login();
  await before.pass(5);
  const silent = await before.login();
  await before.pass(5);
  t.deepEqual(await before.judge(), [away.id]);
  await before.close();
  const after = await folder.start({ hbGrace: 10 });
  t.deepEqual(await after.store.countPresence(), { online: 1, away: 1 });
  t.deepEqual(await after.judge(), []);
  t.is((await after.store.touch(app, away.id, renewal)).cameOnline, true);
  await after.pass(5);
  t.deepEqual(await after.judge(), [silent.id]);
  t.is((await after.store.touch(app, silent.id, renewal)).cameOnline, true);
  await after.close();
});

test('after a restart sessions expire, fall silent and are evicted in the same order as before', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const options = { gcTime: 1_000, hbGrace: 500, maxSession: 4, onMaxSession: 'evict-idle' } as const;
  const before = await folder.start(options);
  const logins = [];
  for (let each = 0; each < 4; each += 1) {
    logins.push(await before.login('alice', { maxAge: 2_000 - each * 100 }));
    await before.pass(10);
  }
  const [first, second, third, fourth] = logins.map(({ id }) => id);
  // A freed and reused slot must not determine the order.
  await before.store.end(app, third ?? '', 'logout');
  const fifth = (await before.login()).id;
  for (const id of [second, first, fifth, fourth]) {
    await before.pass(10);
    await before.store.touch(app, id ?? '', renewal);
  }
  await before.close();

  const after = await folder.start(options);
  const listed = (await after.store.listAccount(app, 'alice')).map(({ id }) => id);
  t.deepEqual(listed, [first, second, fourth, fifth]);
  await after.pass(5);
  const { evicted } = await after.store.insert(after.newSession('alice'));
  t.deepEqual(
    evicted.map(({ id }) => id),
    [second],
  );
  await after.pass(475);
  t.deepEqual(await after.judge(), [first]);
  await after.pass(490);
  t.deepEqual(
    (await after.sweep()).map(({ id }) => id),
    [],
  );
  for (const id of [first, fifth, fourth]) {
    await after.pass(10);
    t.deepEqual(
      (await after.sweep()).map((closed) => closed.id),
      [id],
    );
  }
  await after.close();
});

test('after a restart silence is judged in order of contact, even if that differs from the order of activity', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const options = { hbGrace: 100, pollRenews: false };
  const before = await folder.start(options);
  const [first, second] = [await before.login(), await before.login()];
  await before.pass(10);
  await before.store.touch(app, second.id, renewal);
  await before.pass(10);
  await before.read(first.id);
  await before.close();
  const after = await folder.start(options);
  await after.pass(90);
  t.deepEqual(await after.judge(), [second.id]);
  await after.pass(10);
  t.deepEqual(await after.judge(), [first.id]);
  await after.close();
});

test('max-age is counted from the creation, across restarts', async (t) => {
  const folder = await SnapshotFolder.make(t);
  let trial = await folder.start();
  const { id } = await trial.login('alice', { maxAge: 30 });
  const younger = await trial.login('alice', { maxAge: 40 });
  for (let restart = 0; restart < 2; restart += 1) {
    await trial.close();
    await folder.clock.advance(10);
    trial = await folder.start();
    await trial.store.touch(app, id, renewal);
  }
  await trial.pass(10);
  await isClosed('max-age', trial.store.touch(app, id, renewal));
  t.deepEqual(
    (await trial.sweep()).map((closed) => closed.id),
    [id],
  );
  t.is((await trial.store.get(app, younger.id)).id, younger.id);
  await trial.close();
});

test('the idle time of a session whose reader is still parked at the stop starts at the stop, not at its last poll', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const options = { gcTime: 100, hbGrace: 100 };
  const before = await folder.start(options);
  const { id } = await before.login();
  await before.park(id);
  await before.pass(500);
  await before.close();
  await folder.clock.advance(99);
  const after = await folder.start(options);
  t.is((await after.store.get(app, id)).presence, 'online');
  await after.pass(1);
  await isClosed('expired', after.store.get(app, id));
  await after.close();
});

test('sessions that have expired at the stop are not in the file, and those that have expired at the start are not restored', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start();
  const expired = await before.login('alice', { ttl: 10 });
  const expiring = await before.login('bob', { ttl: 20 });
  const living = await before.login('carol', { ttl: 30 });
  await before.pass(10);
  await before.close();
  t.false((await folder.text()).includes(expired.id));
  t.true((await folder.text()).includes(expiring.id));
  await folder.clock.advance(10);
  const after = await folder.start();
  await isUnknown(after.store.get(app, expired.id));
  await isUnknown(after.store.get(app, expiring.id));
  t.is((await after.store.get(app, living.id)).id, living.id);
  t.deepEqual(await after.sweep(), []);
  await after.close();
});

test('closed sessions are not in the file', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start();
  const { id } = await before.login();
  await before.store.end(app, id, 'logout');
  await before.close();
  t.false((await folder.text()).includes(id));
});

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

test('a missing file is no error: the first start is empty and silent', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const trial = await folder.start();
  t.deepEqual([folder.warnings, await folder.names()], [[], []]);
  await trial.close();
  t.deepEqual(await folder.names(), ['sessions.snapshot'], 'an empty store has a snapshot too');
  const again = await folder.start();
  t.deepEqual(folder.warnings, []);
  await again.close();
});

test('a line of more than a megabyte is restored', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const options = { msgMaxBytes: 3_000_000, mailboxMaxBytes: 9_000_000 };
  const before = await folder.start(options);
  const { id } = await before.login();
  const large = 'é\u2028👩'.repeat(200_000);
  await before.push(id, large, 'small');
  await before.close();
  const longest = Math.max(
    ...(await readFile(folder.path))
      .toString()
      .split('\n')
      .map((line) => line.length),
  );
  t.true(longest > 800_000);
  const after = await folder.start(options);
  t.true(valuesOf(await after.read(id))[0] === large);
  await after.close();
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
