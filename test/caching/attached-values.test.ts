import test from 'ava';
import { attachedValues } from '../../src/caching/attached-values.js';

test('an object has the value that was set last, also if it was frozen before or after', (t) => {
  const values = attachedValues<number>();
  const open = {};
  const frozen = Object.freeze({});
  t.is(values.get(open), undefined);
  t.is(values.get(frozen), undefined);
  for (const object of [open, frozen]) {
    values.set(object, 1);
    t.is(values.get(object), 1);
  }
  Object.freeze(open);
  for (const object of [open, frozen]) {
    values.set(object, 2);
    t.is(values.get(object), 2);
  }
});

test('each set of values is separate', (t) => {
  const [ones, others] = [attachedValues<number>(), attachedValues<number>()];
  const object = {};
  ones.set(object, 1);
  t.is(others.get(object), undefined);
  others.set(object, 2);
  t.is(ones.get(object), 1);
});

test('a value is not visible on its object, and a copy does not have it', (t) => {
  const values = attachedValues<number>();
  const object = { text: 'x' };
  values.set(object, 1);
  t.deepEqual(Reflect.ownKeys(object), ['text']);
  t.is(JSON.stringify(object), '{"text":"x"}');
  for (const copy of [{ ...object }, Object.assign({}, object), structuredClone(object), Object.create(object)]) {
    t.is(values.get(copy), undefined);
  }
});
