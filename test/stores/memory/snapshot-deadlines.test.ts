import test from 'ava';
import { app, isClosed, renewal } from '../../../src/conformance/trial.js';
import { SnapshotFolder } from './snapshot-fixture.js';

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
