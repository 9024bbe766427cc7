import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { AccountIndex } from '../../../src/stores/memory/account-index.js';
import { AppSessions } from '../../../src/stores/memory/app-sessions.js';
import { SessionEntry } from '../../../src/stores/memory/session-entry.js';

let looks = 0;

const watched: ReadonlySet<string | symbol> = new Set(['lastTime', 'lastContact', 'createdAt']);

/** Counts how often background work looks at the times of an entry. */
const counting: ProxyHandler<SessionEntry> = {
  get(entry, field) {
    if (watched.has(field)) looks += 1;
    return Reflect.get(entry, field);
  },
};

function newEntry(id: string, accountId: string, now: number, ttl: number, maxAge: number): SessionEntry {
  const given = { app: 'default', id, accountId, secretHash: '', ip: '', userAgent: '', attributes: {} };
  return new SessionEntry({ ...given, ttl, maxAge }, now);
}

function countedEntry(index: number, ttl: number, maxAge: number): SessionEntry {
  return new Proxy(newEntry(`id-${index}`, `account-${index}`, 0, ttl, maxAge), counting);
}

function idsOf(entries: Iterable<SessionEntry>): string {
  return [...entries].map(({ id }) => id).join();
}

function sortedIdsOf(entries: Iterable<SessionEntry>): string {
  return [...entries]
    .map(({ id }) => id)
    .sort()
    .join();
}

test('a sweep among 100 000 live sessions looks only at the expired', (t) => {
  const sessions = new AppSessions('default');
  const expiring: string[] = [];
  for (let index = 0; index < 100_000; index += 1) {
    const isDue = index % 10_000 === 77;
    const ttl = isDue ? 10 : 1_000 + (index % 5);
    sessions.add(countedEntry(index, ttl, index % 3 === 0 ? 5_000 : 0));
    if (isDue) expiring.push(`id-${index}`);
  }
  looks = 0;
  const swept: string[] = [];
  for (const entry of sessions.due(100)) {
    swept.push(entry.id);
    sessions.remove(entry, true);
  }
  t.deepEqual(swept, expiring);
  // Once at each of them, and once at the head of each of the lists of 6 lifetimes and 1 maximal age.
  t.true(looks <= expiring.length + 7, `${looks} looks`);
});

test('a judgement among 100 000 present sessions looks only at the silent', (t) => {
  const sessions = new AppSessions('default');
  for (let index = 0; index < 100_000; index += 1) {
    const entry = countedEntry(index, 1_000, 0);
    sessions.add(entry);
    if (index >= 12) sessions.contact(entry, 50);
  }
  looks = 0;
  let silent = 0;
  for (const entry of sessions.silentSince(10)) {
    silent += 1;
    sessions.reportAway(entry);
  }
  t.is(silent, 12);
  t.true(looks <= 13, `${looks} looks`);
});

test('every order stays in step with a plain list of sessions, whatever happens to them', (t) => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: fc.constantFrom(5, 8), maxAge: fc.constantFrom(0, 12) }) },
    { weight: 3, arbitrary: fc.record({ renew: fc.nat({ max: 9 }) }) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat({ max: 9 }) }) },
    { weight: 2, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.constant('sweep' as const) },
    { weight: 1, arbitrary: fc.constant('judge' as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
      const sessions = new AppSessions('default');
      let live: SessionEntry[] = [];
      let now = 0;
      const drop = (entry: SessionEntry) => {
        sessions.remove(entry, true);
        live = live.filter((each) => each !== entry);
      };
      for (const [index, each] of steps.entries()) {
        if (each === 'sweep') {
          const isDue = (entry: SessionEntry) =>
            entry.lastTime + entry.ttl <= now || (entry.maxAge > 0 && entry.createdAt + entry.maxAge <= now);
          const due = live.filter(isDue);
          const swept: SessionEntry[] = [];
          for (const entry of sessions.due(now)) {
            swept.push(entry);
            drop(entry);
          }
          assert.equal(sortedIdsOf(swept), sortedIdsOf(due));
        } else if (each === 'judge') {
          const silent = live.filter((entry) => entry.reportedOnline && entry.lastContact <= now - 3);
          const judged: SessionEntry[] = [];
          for (const entry of sessions.silentSince(now - 3)) {
            judged.push(entry);
            sessions.reportAway(entry);
          }
          assert.equal(sortedIdsOf(judged), sortedIdsOf(silent));
        } else if ('wait' in each) {
          now += each.wait;
        } else if ('add' in each) {
          const entry = newEntry(`id-${index}`, `account-${index % 3}`, now, each.add, each.maxAge);
          sessions.add(entry);
          live.push(entry);
        } else if ('renew' in each) {
          const entry = live[each.renew];
          if (entry === undefined) continue;
          const wasAway = !entry.reportedOnline;
          sessions.renew(entry, now);
          assert.equal(sessions.contact(entry, now), wasAway);
        } else {
          const entry = live[each.remove];
          if (entry !== undefined) drop(entry);
        }
        assert.equal(sessions.size, live.length);
        const bySlot: SessionEntry[] = [];
        for (let slot = 0; slot < sessions.slotCount; slot += 1) {
          const entry = sessions.atSlot(slot);
          if (entry !== undefined) bySlot.push(entry);
        }
        assert.equal(sortedIdsOf(bySlot), sortedIdsOf(live));
        for (const account of [0, 1, 2]) {
          const accountId = `account-${account}`;
          const expected = live.filter((entry) => entry.accountId === accountId);
          assert.equal(idsOf(sessions.accounts.entries(accountId)), idsOf(expected));
        }
        assert.ok(live.every((entry) => sessions.get(entry.id) === entry));
      }
    }),
  );
  t.pass();
});

test('slots are used again, so that their number follows the most sessions there ever were', (t) => {
  const sessions = new AppSessions('default');
  for (let round = 0; round < 50; round += 1) {
    const entries = Array.from({ length: 10 }, (_each, index) => newEntry(`${index}`, 'alice', 0, 10, 0));
    for (const entry of entries) sessions.add(entry);
    for (const entry of entries) sessions.remove(entry, true);
  }
  t.is(sessions.slotCount, 10);
});

test('an account index keeps the sessions of an account in order of creation', (t) => {
  const index = new AccountIndex();
  const entries = Array.from({ length: 4 }, (_each, number) => newEntry(`${number}`, 'alice', number, 10, 0));
  t.deepEqual(index.entries('alice'), []);
  for (const entry of entries) index.add(entry);
  const stranger = newEntry('x', 'alice', 0, 10, 0);
  index.remove(stranger);
  t.deepEqual(index.entries('alice'), entries);
  const [first, second, third, fourth] = entries;
  if (first === undefined || third === undefined) return t.fail();
  index.remove(first);
  index.remove(third);
  index.add(first);
  t.deepEqual(index.entries('alice'), [second, fourth, first]);
  for (const entry of index.entries('alice')) index.remove(entry);
  t.deepEqual(index.entries('alice'), []);
});
