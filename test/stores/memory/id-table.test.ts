import assert from 'node:assert/strict';
import test from 'ava';
import { newId } from '../../../src/store/session-token.js';
import { IdTable } from '../../../src/stores/memory/id-table.js';
import fc from '../../support/fast-check.js';

interface Item {
  readonly id: string;
}

test('find returns the same as a Map, also for ids with the same hash', (t) => {
  // With Java's hash of strings, 'Aa' and 'BB' collide, and so do all ids that are composed of them.
  const colliding = fc
    .array(fc.constantFrom('Aa', 'BB'), { minLength: 12, maxLength: 12 })
    .map((parts) => parts.join(''));
  const ids = fc.oneof(
    colliding,
    fc.nat({ max: 200 }).map((number) => String(number).padStart(24, '0')),
  );
  fc.assert(
    fc.property(fc.array(ids, { maxLength: 400 }), (sequence) => {
      const items: (Item | undefined)[] = [];
      const table = new IdTable<Item>(items);
      const slots = new Map<string, number>();
      const free: number[] = [];
      for (const id of sequence) {
        const known = slots.get(id);
        if (known === undefined) {
          const slot = free.pop() ?? items.length;
          const item = { id };
          items[slot] = item;
          table.insert(slot, item);
          slots.set(id, slot);
        } else {
          table.remove(known);
          items[known] = undefined;
          free.push(known);
          slots.delete(id);
        }
        assert.equal(table.size, slots.size);
      }
      for (const id of sequence) assert.equal(table.find(id)?.id, slots.has(id) ? id : undefined);
    }),
  );
  t.pass();
});

test('all of a hundred thousand ids are found while the table grows and shrinks', (t) => {
  const items: (Item | undefined)[] = [];
  const table = new IdTable<Item>(items);
  for (let slot = 0; slot < 100_000; slot += 1) {
    const item = { id: newId('') };
    items[slot] = item;
    table.insert(slot, item);
  }
  const all = items.filter((item) => item !== undefined);
  t.true(all.every((item) => table.find(item.id) === item));
  for (let slot = 0; slot < 100_000; slot += 2) {
    table.remove(slot);
    items[slot] = undefined;
  }
  t.is(table.size, 50_000);
  t.true(all.every((item, slot) => table.find(item.id) === (slot % 2 === 0 ? undefined : item)));
});

test('find returns nothing for a text that can not be an id: wrong length, or characters beyond seven bits', (t) => {
  const items: Item[] = [{ id: newId('') }];
  const table = new IdTable<Item>(items);
  for (const item of items) table.insert(0, item);
  const [{ id } = { id: '' }] = items;
  t.is(table.find(id)?.id, id);
  for (const other of [
    '',
    id.slice(1),
    `${id}0`,
    `\u0100${id.slice(1)}`,
    String.fromCharCode(id.charCodeAt(0) + 128) + id.slice(1),
  ]) {
    t.is(table.find(other), undefined);
  }
});
