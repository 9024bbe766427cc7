import test from 'ava';
import { DueLists } from '../../../src/stores/memory/due-lists.js';
import { SlotLinks } from '../../../src/stores/memory/ordered-list.js';
import fc from '../../support/fast-check.js';

type Step = readonly [action: 'append' | 'insert' | 'remove' | 'postpone' | 'pass', slot: number, amount: number];

const steps = fc.array(
  fc.tuple(
    fc.constantFrom('append', 'insert', 'remove', 'postpone', 'pass' as const),
    fc.nat(9),
    fc.integer({ min: 1, max: 12 }),
  ),
  { maxLength: 200 },
) satisfies fc.Arbitrary<Step[]>;

test('due lists return exactly the due slots, no matter what was appended, removed and postponed', (t) => {
  fc.assert(
    fc.property(steps, (run) => {
      const times: number[] = [];
      const durations = new Map<number, number>();
      const lists = new DueLists(new SlotLinks(), (slot) => times[slot] ?? 0);
      let now = 0;
      for (const [action, slot, amount] of run) {
        const duration = durations.get(slot);
        if (action === 'pass') {
          now += amount;
        } else if (action === 'append' && duration === undefined) {
          times[slot] = now;
          durations.set(slot, amount);
          lists.append(slot, amount);
        } else if (action === 'insert' && duration !== undefined) {
          lists.remove(slot, duration);
          durations.set(slot, amount);
          lists.insert(slot, amount);
        } else if (action === 'remove' && duration !== undefined) {
          lists.remove(slot, duration);
          durations.delete(slot);
        } else if (action === 'postpone' && duration !== undefined) {
          times[slot] = now;
          lists.postpone(slot, duration);
        }
        const due = [...durations].filter(([each, lasts]) => (times[each] ?? 0) + lasts <= now);
        const given: number[] = [];
        for (let each = lists.firstDue(now); each !== undefined; each = lists.firstDue(now)) {
          given.push(each);
          lists.remove(each, durations.get(each) ?? 0);
          durations.delete(each);
        }
        t.deepEqual(
          given.sort((one, other) => one - other),
          due.map(([each]) => each).sort((one, other) => one - other),
        );
      }
    }),
  );
});

test('while nothing is due, no slot is examined, even if each has a different duration', (t) => {
  let looks = 0;
  const lists = new DueLists(new SlotLinks(), () => {
    looks += 1;
    return 0;
  });
  for (let slot = 0; slot < 10_000; slot += 1) lists.append(slot, 20_000 - slot);
  looks = 0;
  t.is(lists.firstDue(10_000), undefined);
  t.is(looks, 0);
  t.is(lists.firstDue(10_001), 9_999);
  t.is(looks, 1);
});
