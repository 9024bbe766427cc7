import test from 'ava';
import { OffsetRuns } from '../../src/mailbox/offset-runs.js';
import fc from '../support/fast-check.js';

const maxRuns = 256;

function runsOf(offsets: Iterable<number>): number[] {
  const bounds: number[] = [];
  for (const offset of [...offsets].sort((one, other) => one - other)) {
    if (bounds.at(-1) === offset - 1) bounds[bounds.length - 1] = offset;
    else bounds.push(offset, offset);
  }
  return bounds;
}

test('runs count and forget like a plain set of offsets', (t) => {
  const steps = fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 60 }) }) },
      { weight: 1, arbitrary: fc.record({ forgetUpTo: fc.integer({ min: 0, max: 70 }) }) },
      {
        weight: 2,
        arbitrary: fc.record({ after: fc.integer({ min: 0, max: 70 }), upTo: fc.integer({ min: 0, max: 70 }) }),
      },
    ),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(steps, (each) => {
      const runs = new OffsetRuns();
      const set = new Set<number>();
      for (const step of each) {
        if ('add' in step) {
          // An offset is replaced at most once.
          if (!set.has(step.add)) runs.add(step.add);
          set.add(step.add);
        } else if ('after' in step) {
          const within = [...set].filter((offset) => offset > step.after && offset <= step.upTo);
          t.is(runs.countWithin(step.after, step.upTo), within.length);
        } else {
          runs.forgetUpTo(step.forgetUpTo);
          const whole = runsOf(set);
          // A run that reaches beyond the offset is kept as a whole, because its start is not read any more.
          for (let index = 0; index < whole.length && (whole[index + 1] ?? 0) <= step.forgetUpTo; index += 2) {
            for (const offset of set) if (offset <= (whole[index + 1] ?? 0)) set.delete(offset);
          }
        }
        t.deepEqual(runs.bounds, runsOf(set));
      }
    }),
  );
});

test('an offset joins the runs on both sides', (t) => {
  const runs = new OffsetRuns();
  for (const offset of [5, 7, 6, 4, 8, 10, 1]) runs.add(offset);
  t.deepEqual(runs.bounds, [1, 1, 4, 8, 10, 10]);
});

test('beyond 256 runs the oldest is forgotten, so that lost is never too small', (t) => {
  const runs = new OffsetRuns();
  const count = maxRuns + 10;
  for (let each = 1; each <= count; each += 1) runs.add(each * 2);
  t.is(runs.bounds.length, maxRuns * 2);
  t.is(runs.bounds[0], 22);
  t.is(runs.countWithin(0, count * 2), maxRuns);
  t.is(runs.countWithin(20, count * 2), maxRuns, 'exact after the forgotten run');
});

test('runs created from bounds copy them', (t) => {
  const bounds = [1, 3, 7, 7];
  const runs = new OffsetRuns(bounds);
  runs.add(4);
  t.deepEqual(bounds, [1, 3, 7, 7]);
  t.deepEqual(runs.bounds, [1, 4, 7, 7]);
  t.is(runs.countWithin(2, 7), 3);
});
