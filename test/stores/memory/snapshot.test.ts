import { readFile } from 'node:fs/promises';
import test from 'ava';
import { app, isUnknown, offsetsOf, outgoing, valuesOf } from '../../../src/conformance/trial.js';
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
