import assert from 'node:assert/strict';
import type { DeclareRule } from './rule.js';
import { allPages, app, renewal, scanned, type Trial, type TrialSession } from './trial.js';

export function listingRules(rule: DeclareRule, unit: number): void {
  rule("listAccount gives the account's live sessions, oldest first", async (start) => {
    const trial = await start();
    const logins: TrialSession[] = [];
    for (let each = 0; each < 5; each += 1) {
      logins.push(await trial.login());
      await trial.login('bob');
      await trial.pass(1);
    }
    const [first, second] = logins;
    await trial.store.touch(app, first?.id ?? '', renewal);
    await trial.store.end(app, second?.id ?? '', 'logout');
    await trial.login('alice', { ttl: unit });
    await trial.pass(1);
    const records = await trial.store.listAccount(app, 'alice');
    const expected = logins.filter((login) => login !== second).map(({ id }) => id);
    assert.deepEqual(
      records.map(({ id }) => id),
      expected,
    );
    for (const record of records) assert.deepEqual(record, await trial.store.get(app, record.id));
  });

  rule('each live session is on exactly one page, for all page sizes', async (start) => {
    const trial = await start();
    const ids = (await populate(trial, 57)).map(({ id }) => id);
    await trial.login('gone', { ttl: unit });
    await trial.pass(1);
    for (const limit of [1, 7, 56, 57, 58, 1_000]) {
      assert.deepEqual((await allPages(trial.store, limit)).sort(), [...ids].sort(), `pages of ${limit}`);
    }
  });

  rule('a page holds the records that get returns', async (start) => {
    const trial = await start();
    const { id } = await trial.login('alice', { attributes: { a: '1' }, ip: '::1', userAgent: 'Agent' });
    await trial.push(id, 'x');
    const { records, cursor } = await trial.store.listApp(app, {
      activeWithin: undefined,
      limit: 10,
      cursor: undefined,
    });
    assert.deepEqual([records, cursor], [[await trial.store.get(app, id)], undefined]);
  });

  rule('a page cursor has only characters that are safe in a URL', async (start) => {
    const trial = await start();
    await populate(trial, 5);
    const { cursor } = await trial.store.listApp(app, { activeWithin: undefined, limit: 2, cursor: undefined });
    assert.match(cursor ?? '', /^[0-9A-Za-z_.:-]{1,128}$/);
  });

  rule('a session that stays live is on exactly one page, while others are created and closed', async (start) => {
    const trial = await start();
    const staying = await populate(trial, 40);
    const leaving = await populate(trial, 40, 'leaving');
    const next = staying.values();
    const ids = await allPages(trial.store, 7, undefined, async () => {
      for (const { id } of leaving.splice(0, 9)) await trial.store.end(app, id, 'logout');
      // Create fewer sessions than a page has. Otherwise the listing of a store that pages by creation would never end.
      await populate(trial, 5, 'coming');
      const login = next.next().value;
      if (login !== undefined) await trial.store.touch(app, login.id, renewal);
    });
    assert.equal(new Set(ids).size, ids.length, 'no session is on two pages');
    const found = new Set(ids);
    assert.ok(staying.every(({ id }) => found.has(id)));
  });

  rule('activeWithin excludes sessions with older activity', async (start) => {
    const trial = await start();
    const [early, renewed, parked] = [await trial.login('a'), await trial.login('b'), await trial.login('c')];
    await trial.park(parked.id);
    await trial.pass(4);
    const late = await trial.login('d');
    await trial.store.touch(app, renewed.id, renewal);
    await trial.pass(1);
    const ids = await allPages(trial.store, 1, 3 * unit);
    assert.deepEqual(ids.sort(), [late.id, renewed.id, parked.id].sort());
    assert.equal((await allPages(trial.store, 10, 100 * unit)).includes(early.id), true);
  });

  rule('each session is in exactly one chunk of a scan, for all chunk sizes', async (start) => {
    const trial = await start();
    const ids = (await populate(trial, 57)).map(({ id }) => id);
    for (const size of [1, 7, 56, 57, 58, 1_000]) {
      assert.deepEqual((await scanned(trial.store, size)).sort(), [...ids].sort(), `chunks of ${size}`);
    }
  });

  rule(
    'a session that stays live is in exactly one chunk of a scan, while others are created and closed',
    async (start) => {
      const trial = await start();
      const staying = await populate(trial, 40);
      const leaving = await populate(trial, 40, 'leaving');
      const ids: string[] = [];
      for await (const chunk of trial.store.scanApp(app, 7)) {
        ids.push(...chunk);
        for (const { id } of leaving.splice(0, 9)) await trial.store.end(app, id, 'logout');
        if (ids.length < 40) await populate(trial, 5, 'coming');
      }
      assert.equal(new Set(ids).size, ids.length, 'no session is in two chunks');
      const found = new Set(ids);
      assert.ok(staying.every(({ id }) => found.has(id)));
    },
  );

  rule('a scan can be stopped before its end', async (start) => {
    const trial = await start();
    await populate(trial, 10);
    for await (const chunk of trial.store.scanApp(app, 3)) {
      assert.ok(chunk.length <= 3);
      break;
    }
    assert.equal((await scanned(trial.store, 3)).length, 10);
  });

  rule('countSessions counts the sessions of one app, as they are created and closed', async (start) => {
    const trial = await start();
    assert.equal(await trial.store.countSessions(app), 0);
    const [first, second] = await populate(trial, 40);
    await trial.store.insert({ ...trial.newSession('alice'), app: 'other' });
    assert.equal(await trial.store.countSessions(app), 40);
    assert.equal(await trial.store.countSessions('other'), 1);
    assert.equal(await trial.store.countSessions('none'), 0);
    for (const login of [first, second]) await trial.store.end(app, login?.id ?? '', 'logout');
    assert.equal(await trial.store.countSessions(app), 38);
    await trial.store.endAccount(app, 'account-5', 'revoked', undefined);
    assert.equal(await trial.store.countSessions(app), 36);
  });

  rule('countSessions counts a session that has expired until it is swept', async (start) => {
    const trial = await start();
    await trial.login('alice', { ttl: unit });
    await trial.login('bob');
    await trial.pass(2);
    assert.equal(await trial.store.countSessions(app), 2);
    await trial.sweep();
    assert.equal(await trial.store.countSessions(app), 1);
  });

  rule('countActiveAccounts counts accounts, not sessions', async (start) => {
    const trial = await start();
    for (const accountId of ['alice', 'alice', 'alice', 'bob', 'bob', 'carol']) await trial.login(accountId);
    assert.equal(await trial.store.countActiveAccounts(app, 1_000 * unit), 3);
  });

  rule('an account counts as active when one of its live sessions had activity in time', async (start) => {
    const trial = await start();
    const old = await trial.login('alice');
    await trial.login('bob');
    await trial.pass(4);
    const recent = await trial.login('alice');
    await trial.login('carol', { ttl: unit });
    const parked = await trial.login('dave');
    await trial.park(parked.id);
    await trial.pass(2);
    assert.equal(await trial.store.countActiveAccounts(app, 3 * unit), 2);
    await trial.store.end(app, recent.id, 'logout');
    assert.equal(await trial.store.countActiveAccounts(app, 3 * unit), 1);
    await trial.store.touch(app, old.id, renewal);
    assert.equal(await trial.store.countActiveAccounts(app, 3 * unit), 2);
    assert.equal(await trial.store.countActiveAccounts(app, 1_000 * unit), 3);
  });
}

async function populate(trial: Trial, count: number, name = 'account'): Promise<TrialSession[]> {
  return Promise.all(Array.from({ length: count }, (_each, index) => trial.login(`${name}-${index % 20}`)));
}
