import test from 'ava';
import { BoundedMap } from '../../src/caching/bounded-map.js';
import fc from '../support/fast-check.js';

type Command = { readonly kind: 'set' | 'use' | 'delete'; readonly key: number } | { readonly kind: 'clear' };

const key = fc.nat(12);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ kind: fc.constantFrom('set', 'use', 'delete'), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
);

test('after any operations the map has the entries that were set last', (t) => {
  const property = fc.property(
    fc.integer({ min: 1, max: 8 }),
    fc.array(command, { maxLength: 100 }),
    (most, commands) => {
      const map = new BoundedMap<number, number>(most);
      let expected: (readonly [number, number])[] = [];
      const without = (key: number) => expected.filter(([each]) => each !== key);
      for (const [turn, command] of commands.entries()) {
        if (command.kind === 'clear') {
          map.clear();
          expected = [];
        } else if (command.kind === 'delete') {
          t.is(
            map.delete(command.key),
            expected.some(([each]) => each === command.key),
          );
          expected = without(command.key);
        } else {
          const known = map.get(command.key);
          if (command.kind === 'use' && known === undefined) continue;
          const value = command.kind === 'use' ? (known ?? 0) : turn;
          map.set(command.key, value);
          expected = [...without(command.key), [command.key, value] as const].slice(-most);
        }
        t.is(map.size, expected.length);
        for (let each = 0; each <= 12; each += 1) {
          t.is(map.get(each), expected.find(([found]) => found === each)?.[1]);
        }
      }
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 100 }));
});

test('after thousands of entries the map has only the newest', (t) => {
  const map = new BoundedMap<number, string>(1_000);
  for (let key = 0; key < 50_000; key += 1) map.set(key, `${key}`);
  t.is(map.size, 1_000);
  t.is(map.get(48_999), undefined);
  t.is(map.get(49_000), '49000');
});
