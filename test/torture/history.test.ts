import test from 'ava';
import { History } from './history.js';

function told(acknowledged: readonly number[], batches: readonly (readonly [number[], number, boolean])[]) {
  const history = new History('alice');
  history.acknowledged.push(...acknowledged);
  for (const [messages, lost, isReset] of batches) history.take(messages, lost, isReset);
  history.settle();
  return history.violations;
}

test('what was acknowledged and received in order is no violation, whatever was not acknowledged', (t) => {
  t.deepEqual(
    told(
      [1, 2, 4],
      [
        [[1, 2, 3], 0, false],
        [[4], 0, false],
      ],
    ),
    [],
  );
});

test('an acknowledged message that was never received is a violation, unless its client was told lost or reset', (t) => {
  t.is(told([1, 2, 3], [[[1, 3], 0, false]]).length, 1);
  t.deepEqual(told([1, 2, 3], [[[1, 3], 1, false]]), []);
  t.deepEqual(
    told(
      [1, 2, 3],
      [
        [[1], 0, false],
        [[3], 0, true],
      ],
    ),
    [],
  );
});

test('a message received again, or before an older one, is a violation until a reset', (t) => {
  t.is(told([1, 2], [[[1, 2, 2], 0, false]]).length, 1);
  t.is(told([1, 2], [[[2, 1], 0, false]]).length, 1);
  t.deepEqual(
    told(
      [1, 2],
      [
        [[1], 0, false],
        [[1, 2], 0, true],
      ],
    ),
    [],
  );
});
