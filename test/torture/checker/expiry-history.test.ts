import test from 'ava';
import { ExpiryHistory, type Telling } from './expiry-history.js';
import { StoreChanges } from './store-changes.js';

const ttl = 1_000;

/** Settles the history of one session, created from 100 to 110 on the steady clock, with these reports of its expiry. */
function settled(
  tellings: readonly Omit<Telling, 'id'>[],
  killed: readonly (readonly [pid: number, at: number])[] = [],
  change: (changes: StoreChanges) => void = () => {},
): ExpiryHistory {
  const history = new ExpiryHistory('expiring', ttl);
  history.created('one', 100, 110);
  const changes = new StoreChanges();
  change(changes);
  history.settle(
    tellings.map((telling) => ({ ...telling, id: 'one' })),
    new Map(killed),
    changes,
  );
  return history;
}

test('an expiry that was reported once is no violation', (t) => {
  const history = settled([{ pid: 1, at: 1_500 }]);
  t.deepEqual(history.violations, []);
  t.deepEqual([history.told, history.repeated, history.forgotten], [1, 0, 0]);
});

test('an expiry that was never reported is a violation, unless the store may have forgotten the session', (t) => {
  t.is(settled([]).violations.length, 1);
  t.is(settled([], [], (changes) => changes.wentBack(111, 200)).violations.length, 1);
  t.is(settled([], [], (changes) => changes.emptied(99)).violations.length, 1);
  t.deepEqual(settled([], [], (changes) => changes.wentBack(105, 200)).violations, []);
  t.deepEqual(settled([], [], (changes) => changes.emptied(200)).violations, []);
});

test('an expiry may stay unreported only during a time in which the store does not report expiries', (t) => {
  t.deepEqual(settled([], [], (changes) => changes.silent(1_100, 2_000)).violations, []);
  t.is(settled([], [], (changes) => changes.silent(1_111, 2_000)).violations.length, 1);
});

test('an expiry reported twice is a violation, unless the first process was killed before the second reported it', (t) => {
  const twice = [
    { pid: 1, at: 1_500 },
    { pid: 2, at: 1_700 },
  ];
  t.is(settled(twice).violations.length, 1);
  t.is(settled(twice, [[2, 1_600]]).violations.length, 1);
  t.is(settled(twice, [[1, 1_800]]).violations.length, 1);
  const history = settled(twice, [[1, 1_600]]);
  t.deepEqual(history.violations, []);
  t.is(history.repeated, 1);
});

test('an expiry reported twice is no violation if the store forgot the first report', (t) => {
  const twice = [
    { pid: 1, at: 1_500 },
    { pid: 1, at: 9_000 },
  ];
  t.deepEqual(settled(twice, [], (changes) => changes.wentBack(1_000, 2_000)).violations, []);
  t.is(settled(twice, [], (changes) => changes.wentBack(1_000, 1_400)).violations.length, 1);
});

test('every report of an expiry except the last needs its own excuse', (t) => {
  const thrice = [
    { pid: 1, at: 1_500 },
    { pid: 2, at: 1_700 },
    { pid: 3, at: 1_900 },
  ];
  t.is(settled(thrice, [[1, 1_600]]).violations.length, 1);
});
