import assert from 'node:assert/strict';
import test from 'ava';
import type { NewSession } from '../../../src/index.js';
import { AccountIndex } from '../../../src/stores/memory/account-index.js';
import { MemoryApp } from '../../../src/stores/memory/memory-app.js';
import { MemoryEntry } from '../../../src/stores/memory/memory-entry.js';
import fc from '../../support/fast-check.js';

function idOf(index: number): string {
  return `id${index}`.padEnd(24, 'x');
}

function given(id: string, accountId: string, ttl: number, maxAge = 0): NewSession {
  return {
    app: 'default',
    id,
    accountId,
    secretHash: '',
    ip: '',
    userAgent: '',
    attributes: {},
    ttl,
    maxAge,
    maxSession: 0,
  };
}

/** Starts to count how often the times of sessions are examined. @returns a function that returns the count */
function countLooks({ times }: MemoryApp): () => number {
  let looks = 0;
  for (const name of ['lastTime', 'lastContact', 'createdAt'] as const) {
    const look = times[name].bind(times);
    times[name] = (slot) => {
      looks += 1;
      return look(slot);
    };
  }
  return () => looks;
}

function idsOf(entries: Iterable<MemoryEntry>): string[] {
  return [...entries].map(({ id }) => id);
}

function sortedIdsOf(entries: Iterable<MemoryEntry>): string[] {
  return idsOf(entries).sort();
}

test('a sweep among 100 000 sessions examines only the expired ones', (t) => {
  const sessions = new MemoryApp('default');
  const expiring: string[] = [];
  for (let index = 0; index < 100_000; index += 1) {
    const isDue = index % 10_000 === 77;
    const ttl = isDue ? 10 : 1_000 + (index % 5);
    sessions.add(given(idOf(index), `account-${index}`, ttl, index % 3 === 0 ? 5_000 : 0), 0);
    if (isDue) expiring.push(idOf(index));
  }
  const looks = countLooks(sessions);
  const swept: string[] = [];
  for (const entry of sessions.due(100)) {
    swept.push(entry.id);
    sessions.remove(entry);
  }
  t.deepEqual(swept, expiring);
  // Each of them once, and the head of each list once: 6 lists of lifetimes and 1 of a maximum age.
  t.true(looks() > 0 && looks() <= expiring.length + 7, `${looks()} looks`);
});

test('judging presence among 100 000 sessions examines only the silent ones', (t) => {
  const sessions = new MemoryApp('default');
  for (let index = 0; index < 100_000; index += 1) {
    const entry = sessions.add(given(idOf(index), `account-${index}`, 1_000), 0);
    if (index >= 12) entry.lastContact = 50;
  }
  const looks = countLooks(sessions);
  let silent = 0;
  for (const entry of sessions.silent(10)) {
    silent += 1;
    entry.reportedOnline = false;
  }
  t.is(silent, 12);
  t.true(looks() > 0 && looks() <= 13, `${looks()} looks`);
});

interface PlainSession {
  readonly entry: MemoryEntry;
  readonly createdAt: number;
  readonly ttl: number;
  readonly maxAge: number;
  lastTime: number;
  away: boolean;
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ add: fc.constantFrom(5, 8), maxAge: fc.constantFrom(0, 12) }) },
  { weight: 3, arbitrary: fc.record({ renew: fc.nat({ max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.nat({ max: 9 }) }) },
  { weight: 2, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.constant('sweep' as const) },
  { weight: 1, arbitrary: fc.constant('judge' as const) },
);

test('every order stays in step with a plain list of sessions, no matter what happens to them', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const sessions = new MemoryApp('default');
      let live: PlainSession[] = [];
      let now = 0;
      const drop = (entry: MemoryEntry) => {
        sessions.remove(entry);
        live = live.filter((each) => each.entry !== entry);
      };
      for (const [index, each] of steps.entries()) {
        if (each === 'sweep') {
          const due = live.filter(
            ({ createdAt, lastTime, ttl, maxAge }) =>
              lastTime + ttl <= now || (maxAge > 0 && createdAt + maxAge <= now),
          );
          const swept: MemoryEntry[] = [];
          for (const entry of sessions.due(now)) {
            swept.push(entry);
            drop(entry);
          }
          assert.deepEqual(sortedIdsOf(swept), sortedIdsOf(due.map(({ entry }) => entry)));
        } else if (each === 'judge') {
          const silent = live.filter(({ away, lastTime }) => !away && lastTime <= now - 3);
          const judged: MemoryEntry[] = [];
          for (const entry of sessions.silent(now - 3)) {
            judged.push(entry);
            entry.reportedOnline = false;
          }
          assert.deepEqual(sortedIdsOf(judged), sortedIdsOf(silent.map(({ entry }) => entry)));
          for (const session of silent) session.away = true;
        } else if ('wait' in each) {
          now += each.wait;
        } else if ('add' in each) {
          const entry = sessions.add(given(idOf(index), `account-${index % 3}`, each.add, each.maxAge), now);
          live.push({ entry, createdAt: now, lastTime: now, ttl: each.add, maxAge: each.maxAge, away: false });
        } else if ('renew' in each) {
          const session = live[each.renew];
          if (session === undefined) continue;
          session.entry.lastTime = now;
          session.entry.lastContact = now;
          session.entry.reportedOnline = true;
          Object.assign(session, { lastTime: now, away: false });
        } else {
          const session = live[each.remove];
          if (session !== undefined) drop(session.entry);
        }
        requireInStep(sessions, live);
      }
    }),
  );
  t.pass();
});

function requireInStep(sessions: MemoryApp, live: readonly PlainSession[]): void {
  assert.equal(sessions.size, live.length);
  const entries = live.map(({ entry }) => entry);
  const bySlot: MemoryEntry[] = [];
  for (let slot = 0; slot < sessions.slotCount; slot += 1) {
    const entry = sessions.atSlot(slot);
    if (entry !== undefined) bySlot.push(entry);
  }
  assert.deepEqual(sortedIdsOf(bySlot), sortedIdsOf(entries));
  for (const account of [0, 1, 2]) {
    const accountId = `account-${account}`;
    const expected = entries.filter((entry) => entry.accountId === accountId);
    assert.deepEqual(idsOf(sessions.accounts.entries(accountId)), idsOf(expected));
  }
  for (const { entry, createdAt, lastTime, maxAge } of live) {
    assert.equal(sessions.get(entry.id), entry);
    assert.deepEqual([entry.createdAt, entry.lastTime, entry.maxAge], [createdAt, lastTime, maxAge]);
  }
}

test('slots are reused, so that there are only as many as the maximum number of simultaneous sessions', (t) => {
  const sessions = new MemoryApp('default');
  for (let round = 0; round < 50; round += 1) {
    const entries = Array.from({ length: 10 }, (_each, index) => sessions.add(given(`${index}`, 'alice', 10), round));
    for (const entry of entries) sessions.remove(entry);
  }
  t.is(sessions.slotCount, 10);
});

test('an account index keeps the sessions of an account in order of creation', (t) => {
  const index = new AccountIndex();
  const app = new MemoryApp('default');
  const newEntry = (number: number) => new MemoryEntry(app, number, given(`${number}`, 'alice', 10));
  const entries = Array.from({ length: 4 }, (_each, number) => newEntry(number));
  t.deepEqual([index.entries('alice'), index.count('alice')], [[], 0]);
  for (const [number, entry] of entries.entries()) {
    index.add(entry);
    t.is(index.count('alice'), number + 1);
  }
  index.remove(newEntry(9));
  t.deepEqual(idsOf(index.entries('alice')), ['0', '1', '2', '3']);
  const [first, , third] = entries;
  if (first === undefined || third === undefined) return t.fail();
  index.remove(first);
  index.remove(third);
  index.add(first);
  t.deepEqual(idsOf(index.entries('alice')), ['1', '3', '0']);
  for (const entry of index.entries('alice')) index.remove(entry);
  t.deepEqual([index.entries('alice'), index.count('alice')], [[], 0]);
});
