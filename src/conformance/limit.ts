import assert from 'node:assert/strict';
import type { SessionRecord, SessionStore } from '../index.js';
import type { DeclareRule } from './rule.js';
import { app, isClosed, outgoing, rejectsWith, renewal } from './trial.js';

const policies = ['reject', 'evict-oldest', 'evict-idle'] as const;

export function limitRules(rule: DeclareRule, unit: number): void {
  for (const onMaxSession of policies) {
    rule(`exactly maxSession of many concurrent inserts remain under ${onMaxSession}`, async (start) => {
      const trial = await start({ maxSession: 5, onMaxSession });
      const results = await Promise.allSettled(Array.from({ length: 200 }, () => trial.login()));
      const admitted = results.filter((result) => result.status === 'fulfilled');
      assert.equal(admitted.length, onMaxSession === 'reject' ? 5 : 200);
      const live = await trial.store.listAccount(app, 'alice');
      assert.equal(live.length, 5);
    });

    rule(`a maxSession of 1 admits one session under ${onMaxSession}`, async (start) => {
      const trial = await start({ maxSession: 1, onMaxSession });
      await Promise.allSettled(Array.from({ length: 20 }, () => trial.login()));
      assert.equal((await trial.store.listAccount(app, 'alice')).length, 1);
    });

    rule(`expired sessions do not count for the limit under ${onMaxSession}, swept or not`, async (start) => {
      const trial = await start({ maxSession: 2, onMaxSession, gcTime: 2 * unit });
      for (const sweeps of [false, true]) {
        const lasting = await trial.login('alice', { ttl: 100 * unit });
        await trial.login();
        await trial.pass(2);
        if (sweeps) await trial.sweep();
        const { evicted } = await trial.store.insert(trial.newSession('alice', { ttl: 100 * unit }));
        assert.deepEqual(evicted, [], 'no session is evicted for it');
        assert.equal((await trial.store.get(app, lasting.id)).id, lasting.id);
        await trial.store.endAccount(app, 'alice', 'logout', undefined);
      }
    });

    rule(
      `sessions past maxAge do not count for the limit under ${onMaxSession}, although they are active`,
      async (start) => {
        const trial = await start({ maxSession: 1, onMaxSession, maxAge: 2 * unit });
        const { id } = await trial.login();
        await trial.pass(1);
        await trial.store.touch(app, id, renewal);
        await trial.pass(1);
        const { evicted } = await trial.store.insert(trial.newSession('alice'));
        assert.deepEqual(evicted, []);
      },
    );
  }

  rule('an insert over the limit rejects with account and limit, and changes nothing', async (start) => {
    const trial = await start({ maxSession: 2 });
    await trial.login();
    await trial.login();
    const before = await trial.store.listAccount(app, 'alice');
    const refused = trial.newSession('alice');
    const details = { accountId: 'alice', maxSession: 2 };
    await rejectsWith('SESSION_LIMIT', trial.store.insert(refused), details);
    assert.deepEqual(await trial.store.listAccount(app, 'alice'), before);
    await rejectsWith('SESSION_UNKNOWN', trial.store.get(app, refused.id));
  });

  for (const onMaxSession of ['evict-oldest', 'evict-idle'] as const) {
    rule(`a session's own maxSession overrides the limit, and evicts by it under ${onMaxSession}`, async (start) => {
      const trial = await start({ maxSession: 1, onMaxSession });
      for (let count = 0; count < 4; count += 1) {
        await trial.login('alice', { maxSession: 4 });
        await trial.pass(1);
      }
      const { id } = await trial.login('alice', { maxSession: 2 });
      const live = await trial.store.listAccount(app, 'alice');
      assert.deepEqual([live.length, live.at(-1)?.id], [2, id]);
      await trial.login('alice', { maxSession: 0 });
      assert.equal((await trial.store.listAccount(app, 'alice')).length, 3);
    });
  }

  rule("a session's own maxSession is the limit that its refusal tells", async (start) => {
    const trial = await start({ maxSession: 5 });
    await trial.login('alice', { maxSession: 1 });
    const refused = trial.store.insert(trial.newSession('alice', { maxSession: 1 }));
    await rejectsWith('SESSION_LIMIT', refused, { accountId: 'alice', maxSession: 1 });
    assert.equal((await trial.store.insert(trial.newSession('alice', { maxSession: 2 }))).record.accountId, 'alice');
  });

  rule('a maxSession of 0 admits any number of sessions', async (start) => {
    const trial = await start({ maxSession: 0 });
    await Promise.all(Array.from({ length: 50 }, () => trial.login()));
    assert.equal((await trial.store.listAccount(app, 'alice')).length, 50);
  });

  rule('the sessions of one account do not count for another', async (start) => {
    const trial = await start({ maxSession: 1 });
    for (const accountId of ['alice', 'Alice', 'alice ', 'ålice', 'a']) await trial.login(accountId);
    await rejectsWith('SESSION_LIMIT', trial.login('Alice'));
  });

  rule('a closed session does not count for the limit', async (start) => {
    const trial = await start({ maxSession: 1 });
    const { id } = await trial.login();
    await trial.store.end(app, id, 'logout');
    await trial.login();
    await rejectsWith('SESSION_LIMIT', trial.login());
  });

  rule('evict-oldest closes the session created first, although it is active', async (start) => {
    const trial = await start({ maxSession: 2, onMaxSession: 'evict-oldest' });
    const first = await trial.login();
    await trial.pass(1);
    const second = await trial.login();
    await trial.pass(1);
    await trial.push(first.id, 'a', 'b');
    await trial.store.touch(app, first.id, renewal);
    const { evicted } = await trial.store.insert(trial.newSession('alice'));
    assert.deepEqual(evicted, [{ app, id: first.id, accountId: 'alice', reason: 'evicted', undelivered: 2 }]);
    await isClosed('evicted', trial.store.authenticate(app, first.id, first.secretHash));
    assert.equal((await trial.store.get(app, second.id)).id, second.id);
  });

  const contacts: Record<string, (store: SessionStore, id: string, secretHash: string) => Promise<unknown>> = {
    touch: (store, id) => store.touch(app, id, renewal),
    authenticate: (store, id, secretHash) => store.authenticate(app, id, secretHash),
    read: (store, id) =>
      store.read(app, id, {
        reader: 'default',
        after: '',
        limit: 1,
        wait: 0,
        secretHash: undefined,
        generation: undefined,
        ticket: 1,
      }),
  };
  for (const [name, contact] of Object.entries(contacts)) {
    rule(`evict-idle closes the session with the oldest contact, and ${name} is a contact`, async (start) => {
      const trial = await start({ maxSession: 2, onMaxSession: 'evict-idle', pollRenews: false });
      const first = await trial.login();
      await trial.pass(1);
      const second = await trial.login();
      await trial.pass(1);
      await contact(trial.store, first.id, first.secretHash);
      await trial.pass(1);
      await trial.store.append(app, second.id, outgoing('x'));
      await trial.store.patch(app, second.id, { a: '1' });
      const { evicted } = await trial.store.insert(trial.newSession('alice'));
      assert.deepEqual(evicted, [{ app, id: second.id, accountId: 'alice', reason: 'evicted', undelivered: 1 }]);
    });
  }

  rule('evict-idle does not close a session with a parked reader while others have none', async (start) => {
    const trial = await start({ maxSession: 2, onMaxSession: 'evict-idle' });
    const parked = await trial.login();
    await trial.park(parked.id);
    await trial.pass(1);
    const other = await trial.login();
    await trial.pass(1);
    await trial.store.touch(app, other.id, renewal);
    const { evicted } = await trial.store.insert(trial.newSession('alice'));
    assert.deepEqual(
      evicted.map(({ id }) => id),
      [other.id],
    );
  });

  rule('concurrent inserts report each eviction once', async (start) => {
    const trial = await start({ maxSession: 3, onMaxSession: 'evict-oldest' });
    const sessions = Array.from({ length: 40 }, () => trial.newSession('alice'));
    const insertions = await Promise.all(sessions.map((session) => trial.store.insert(session)));
    const evicted = insertions.flatMap((insertion) => insertion.evicted.map(({ id }) => id));
    const live = (await trial.store.listAccount(app, 'alice')).map((record: SessionRecord) => record.id);
    assert.equal(evicted.length, 37);
    assert.deepEqual([...evicted, ...live].sort(), sessions.map(({ id }) => id).sort());
  });
}
