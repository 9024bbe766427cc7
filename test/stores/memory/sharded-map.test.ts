import assert from 'node:assert/strict';
import test from 'ava';
import { ShardedMap } from '../../../src/stores/memory/sharded-map.js';
import fc from '../../support/fast-check.js';

test('a sharded map has the same content as a Map', (t) => {
  const keys = fc.oneof(fc.constantFrom('', 'a', '__proto__', 'constructor', '日本'), fc.string({ maxLength: 3 }));
  const step = fc.record({ key: keys, value: fc.option(fc.nat()) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const sharded = new ShardedMap<number>();
      const plain = new Map<string, number>();
      for (const { key, value } of steps) {
        if (value === null) assert.equal(sharded.delete(key), plain.delete(key));
        else {
          sharded.set(key, value);
          plain.set(key, value);
        }
        assert.equal(sharded.size, plain.size);
        for (const each of steps) assert.equal(sharded.get(each.key), plain.get(each.key));
      }
    }),
  );
  t.pass();
});

test('keys of every usual kind are spread over the shards, so that no shard grows much larger than the others', (t) => {
  const kinds: Record<string, (index: number) => string> = {
    numbers: String,
    'padded numbers': (index) => String(index).padStart(12, '0'),
    'mail addresses': (index) => `user${index}@example.com`,
    'hexadecimal words': (index) => (index * 2_654_435_761).toString(16),
  };
  const original = Map.prototype.set;
  for (const [kind, make] of Object.entries(kinds)) {
    const sizes = new Map<Map<unknown, unknown>, number>();
    const map = new ShardedMap<number>();
    const count = 50_000;
    Map.prototype.set = function set(this: Map<unknown, unknown>, key, value) {
      original.call(this, key, value);
      original.call(sizes, this, this.size);
      return this;
    };
    try {
      for (let index = 0; index < count; index += 1) map.set(make(index), index);
    } finally {
      Map.prototype.set = original;
    }
    t.true(Math.max(...sizes.values()) < count / 8, `${kind}: the largest of ${sizes.size} shards is too large`);
  }
});
