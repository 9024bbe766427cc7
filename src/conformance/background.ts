import assert from 'node:assert/strict';
import type { Slice } from '../index.js';
import type { DeclareRule } from './rule.js';
import { app, renewal } from './trial.js';

/** Rules of sweep, judgePresence and countPresence. */
export function backgroundRules(rule: DeclareRule, unit: number): void {
  rule('sweep reports each expired session once, with its reason and its undelivered messages', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const [one, other] = [await trial.login(), await trial.login('bob', { app: 'other' })];
    await trial.push(one.id, 'a', 'b');
    const live = await trial.login('alice', { ttl: 100 * unit });
    assert.deepEqual(await trial.sweep(), []);
    await trial.pass(2);
    const swept = await trial.sweep();
    assert.deepEqual(
      swept.toSorted((left, right) => left.app.localeCompare(right.app)),
      [
        { app, id: one.id, accountId: 'alice', reason: 'expired', undelivered: 2 },
        { app: 'other', id: other.id, accountId: 'bob', reason: 'expired', undelivered: 0 },
      ],
    );
    assert.deepEqual(await trial.sweep(), []);
    assert.equal((await trial.store.get(app, live.id)).id, live.id);
  });

  rule('sweep reports at most limit sessions, and whether more are due', async (start) => {
    const trial = await start({ gcTime: unit });
    for (let each = 0; each < 25; each += 1) await trial.login(`account-${each % 7}`);
    await trial.pass(1);
    const ids = await allOf(() => trial.store.sweep(10), 10);
    assert.deepEqual([ids.length, new Set(ids).size], [25, 25]);
  });

  rule('a renewed session does not delay the sweep of sessions after it', async (start) => {
    const trial = await start({ gcTime: 3 * unit });
    const logins = [await trial.login(), await trial.login(), await trial.login()];
    const [first, second, third] = logins.map(({ id }) => id);
    await trial.pass(1);
    await trial.store.touch(app, first ?? '', renewal);
    await trial.pass(1);
    await trial.read(second ?? '');
    for (const id of [third, first, second]) {
      await trial.pass(1);
      assert.deepEqual(
        (await trial.sweep()).map((closed) => closed.id),
        [id],
      );
    }
  });

  rule('concurrent sweeps report each expired session once', async (start) => {
    const trial = await start({ gcTime: unit });
    for (let each = 0; each < 30; each += 1) await trial.login(`account-${each}`);
    await trial.pass(1);
    const rounds = await Promise.all(Array.from({ length: 8 }, () => trial.sweep(3)));
    const ids = rounds.flat().map(({ id }) => id);
    assert.deepEqual([ids.length, new Set(ids).size], [30, 30]);
  });

  rule('sessions with many different lifetimes are each swept at their own deadline', async (start) => {
    const trial = await start({ gcTime: 100 * unit });
    for (let each = 1; each <= 6; each += 1) {
      await trial.login('idle', { ttl: each * unit });
      await trial.login('aged', { maxAge: each * unit });
    }
    for (let round = 1; round <= 6; round += 1) {
      await trial.pass(1);
      const swept = await trial.sweep();
      assert.deepEqual(swept.map(({ reason }) => reason).sort(), ['expired', 'max-age']);
    }
    assert.deepEqual(await trial.sweep(), []);
  });

  rule('a session turns away exactly hbGrace after its last contact', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    const { id } = await trial.login();
    await trial.pass(1);
    assert.deepEqual(await trial.judge(), []);
    assert.equal((await trial.store.get(app, id)).presence, 'online');
    await trial.pass(1);
    assert.equal((await trial.store.get(app, id)).presence, 'away', 'judged or not');
    const { items } = await trial.store.judgePresence(10);
    assert.deepEqual(items, [{ app, id, accountId: 'alice' }]);
    assert.equal((await trial.store.listAccount(app, 'alice'))[0]?.presence, 'away');
  });

  rule('each silence is reported once', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    const { id } = await trial.login();
    for (let silence = 0; silence < 2; silence += 1) {
      await trial.pass(2);
      assert.deepEqual(await trial.judge(), [id]);
      assert.deepEqual(await trial.judge(), []);
      await trial.pass(2);
      assert.deepEqual(await trial.judge(), []);
      await trial.store.touch(app, id, renewal);
      assert.deepEqual(await trial.judge(), []);
    }
  });

  rule('each return is reported by one contact', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    const { id, secretHash } = await trial.login();
    const contacts = [
      () => trial.store.touch(app, id, renewal),
      () => trial.store.authenticate(app, id, secretHash),
      () => trial.read(id),
      () => trial.read(id, { after: undefined, wait: 1_000 * unit }),
    ];
    for (const contact of contacts) {
      assert.equal((await contact()).cameOnline, false);
      await trial.store.release(app, id, 'default');
      await trial.pass(2);
      await trial.judge();
      assert.equal((await contact()).cameOnline, true);
      assert.equal((await trial.store.get(app, id)).presence, 'online');
      assert.equal((await contact()).cameOnline, false);
    }
  });

  rule('of concurrent contacts after a silence, one reports the return', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    const { id, secretHash } = await trial.login();
    await trial.pass(2);
    await trial.judge();
    const contacts = await Promise.all([
      ...Array.from({ length: 5 }, () => trial.store.authenticate(app, id, secretHash)),
      ...Array.from({ length: 5 }, () => trial.read(id)),
    ]);
    assert.equal(contacts.filter(({ cameOnline }) => cameOnline).length, 1);
  });

  rule('a contact of one session does not delay the judgement of sessions after it', async (start) => {
    const trial = await start({ hbGrace: 3 * unit });
    const logins = [await trial.login(), await trial.login(), await trial.login()];
    const [first, second, third] = logins.map(({ id }) => id);
    await trial.pass(1);
    await trial.store.touch(app, first ?? '', renewal);
    await trial.pass(1);
    await trial.read(second ?? '');
    for (const id of [third, first, second]) {
      await trial.pass(1);
      assert.deepEqual(await trial.judge(), [id]);
    }
  });

  rule('an authentication with a wrong secret is not a contact', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    const { id } = await trial.login();
    await trial.pass(1);
    await trial.store.authenticate(app, id, 'A'.repeat(43)).catch(() => {});
    await trial.pass(1);
    assert.deepEqual(await trial.judge(), [id]);
  });

  rule('a parked reader keeps its session online, and the silence starts at its release', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    const { id } = await trial.login();
    await trial.park(id);
    for (let round = 0; round < 3; round += 1) {
      await trial.pass(2);
      assert.deepEqual(await trial.judge(), []);
    }
    assert.equal((await trial.store.get(app, id)).presence, 'online');
    await trial.store.release(app, id, 'default');
    await trial.pass(1);
    assert.deepEqual(await trial.judge(), []);
    assert.equal((await trial.store.get(app, id)).presence, 'online');
    await trial.pass(1);
    assert.deepEqual(await trial.judge(), [id]);
  });

  rule('a parked reader keeps its session online without pollRenews, too', async (start) => {
    const trial = await start({ hbGrace: 2 * unit, pollRenews: false });
    const { id } = await trial.login();
    await trial.park(id);
    await trial.pass(3);
    assert.deepEqual(await trial.judge(), []);
    assert.equal((await trial.store.get(app, id)).presence, 'online');
    await trial.store.release(app, id, 'default');
    await trial.pass(2);
    assert.deepEqual(await trial.judge(), [id]);
  });

  rule('judgePresence reports at most limit sessions, and whether more are due', async (start) => {
    const trial = await start({ hbGrace: unit });
    for (let each = 0; each < 25; each += 1) await trial.login(`account-${each % 7}`);
    await trial.pass(1);
    const ids = await allOf(() => trial.store.judgePresence(10), 10);
    assert.deepEqual([ids.length, new Set(ids).size], [25, 25]);
  });

  rule('concurrent judgements report each silence once', async (start) => {
    const trial = await start({ hbGrace: unit });
    for (let each = 0; each < 30; each += 1) await trial.login(`account-${each}`);
    await trial.pass(1);
    const ids = (await Promise.all(Array.from({ length: 8 }, () => trial.judge(3)))).flat();
    assert.deepEqual([ids.length, new Set(ids).size], [30, 30]);
  });

  rule('closed sessions are not judged', async (start) => {
    const trial = await start({ hbGrace: unit });
    const { id } = await trial.login();
    await trial.store.end(app, id, 'logout');
    await trial.pass(1);
    assert.deepEqual(await trial.judge(), []);
  });

  rule('countPresence counts the sessions of all apps by the presence that was reported last', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    assert.deepEqual(await trial.store.countPresence(), { online: 0, away: 0 });
    const { id } = await trial.login();
    const bob = await trial.login('bob');
    await trial.login('bob', { app: 'other' });
    assert.deepEqual(await trial.store.countPresence(), { online: 3, away: 0 });
    await trial.pass(2);
    assert.deepEqual(await trial.store.countPresence(), { online: 3, away: 0 }, 'silent, but not judged yet');
    await trial.judge();
    assert.deepEqual(await trial.store.countPresence(), { online: 0, away: 3 });
    await trial.store.touch(app, id, renewal);
    assert.deepEqual(await trial.store.countPresence(), { online: 1, away: 2 });
    await trial.store.end(app, id, 'logout');
    assert.deepEqual(await trial.store.countPresence(), { online: 0, away: 2 });
    await trial.store.end(app, bob.id, 'logout');
    assert.deepEqual(await trial.store.countPresence(), { online: 0, away: 1 });
  });

  rule('countPresence counts a session that has expired until it is swept', async (start) => {
    const trial = await start({ hbGrace: 3 * unit });
    await trial.login('alice', { ttl: unit });
    await trial.login('alice', { ttl: 4 * unit });
    await trial.login('bob');
    await trial.pass(2);
    assert.deepEqual(await trial.store.countPresence(), { online: 3, away: 0 });
    await trial.sweep();
    assert.deepEqual(await trial.store.countPresence(), { online: 2, away: 0 });
    await trial.pass(2);
    await trial.judge();
    assert.deepEqual(await trial.store.countPresence(), { online: 0, away: 2 });
    await trial.sweep();
    assert.deepEqual(await trial.store.countPresence(), { online: 0, away: 1 });
  });
}

/** Takes slices of at most `limit` sessions until no more are due. Returns the ids. */
async function allOf(take: () => Promise<Slice<{ readonly id: string }>>, limit: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let more = true; more; ) {
    const slice = await take();
    assert.ok(slice.items.length <= limit);
    ids.push(...slice.items.map(({ id }) => id));
    more = slice.more;
  }
  return ids;
}
