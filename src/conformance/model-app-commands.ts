import assert from 'node:assert/strict';
import fc from 'fast-check';
import { accounts, command, type StoreCommand, sortedById } from './model-run.js';
import { allPages, app, scanned } from './trial.js';

/** Commands on many sessions: on those of an account, of the app, or of the whole store. */
export function appCommands(unit: number, half: number): fc.Arbitrary<StoreCommand>[] {
  return [...listCommands(unit, half), ...countCommands(unit, half), ...dueCommands()];
}

/** Commands that list sessions. */
function listCommands(unit: number, half: number): fc.Arbitrary<StoreCommand>[] {
  return [
    command('listAccount', { accountId: accounts }, async ({ accountId }, model, real) => {
      const records = await real.store.listAccount(app, accountId);
      const expected = model.liveOf(accountId).map((session) => real.expected(model.record(session)));
      assert.deepEqual(sortedById(records.map((record) => real.record(record))), sortedById(expected));
      const times = records.map(({ createdAt }) => createdAt);
      const ascending = times.toSorted((one, other) => one - other);
      assert.deepEqual(times, ascending, 'oldest first');
    }),
    command(
      'listApp',
      { limit: fc.nat({ max: 5 }), within: fc.option(fc.nat({ max: 6 })) },
      async (args, model, real) => {
        const within = args.within === null ? undefined : args.within * unit + half;
        const ids = await allPages(real.store, args.limit + 1, within);
        const active = model.live.filter((session) => within === undefined || model.activeWithin(session, within));
        assert.deepEqual(ids.sort(), active.map(({ id }) => id).sort());
      },
    ),
    command('scanApp', { size: fc.nat({ max: 5 }) }, async ({ size }, model, real) => {
      assert.deepEqual((await scanned(real.store, size + 1)).sort(), model.live.map(({ id }) => id).sort());
    }),
  ];
}

/** Commands that count sessions. */
function countCommands(unit: number, half: number): fc.Arbitrary<StoreCommand>[] {
  return [
    command('countSessions', {}, async (_args, model, real) => {
      assert.equal(await real.store.countSessions(app), model.live.length + model.due.length);
    }),
    command('countPresence', {}, async (_args, model, real) => {
      const { online, away } = await real.store.countPresence();
      const expired = model.due.length;
      assert.equal(online + away, model.live.length + expired);
      // A judgement may have turned an expired session away, which it does not report.
      const least = model.live.filter(({ reportedAway }) => !reportedAway).length;
      assert.ok(least <= online && online <= least + expired);
    }),
    command('countActiveAccounts', { within: fc.nat({ max: 6 }) }, async (args, model, real) => {
      const within = args.within * unit + half;
      const active = model.live.filter((session) => model.activeWithin(session, within));
      const expected = new Set(active.map(({ given }) => given.accountId)).size;
      assert.equal(await real.store.countActiveAccounts(app, within), expected);
    }),
  ];
}

/** Commands for the work that becomes due by the passage of time. */
function dueCommands(): fc.Arbitrary<StoreCommand>[] {
  return [
    command('sweep', { limit: fc.nat({ max: 3 }) }, async (args, model, real) => {
      const limit = args.limit + 1;
      const { items, more } = await real.store.sweep(limit);
      assert.ok(items.length <= limit);
      for (const item of items) {
        const session = model.due.find(({ id }) => id === item.id);
        assert.ok(session !== undefined, 'each expired session is reported once, and no other');
        assert.deepEqual(item, model.sweep(session));
      }
      if (!more) assert.deepEqual(model.due, []);
    }),
    command('judgePresence', { limit: fc.nat({ max: 3 }) }, async (args, model, real) => {
      const limit = args.limit + 1;
      const { items, more } = await real.store.judgePresence(limit);
      assert.ok(items.length <= limit);
      for (const { id } of items) {
        const session = model.unreportedSilent.find((each) => each.id === id);
        assert.ok(session !== undefined, 'each silent session is reported once, and no other');
        session.reportedAway = true;
      }
      if (!more) assert.deepEqual(model.unreportedSilent, []);
    }),
  ];
}
