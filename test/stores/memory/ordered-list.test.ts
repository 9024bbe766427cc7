import assert from 'node:assert/strict';
import test from 'ava';
import { OrderedList, SlotLinks } from '../../../src/stores/memory/ordered-list.js';
import fc from '../../support/fast-check.js';

function drained(list: OrderedList): number[] {
  const slots: number[] = [];
  for (let slot = list.first; slot !== undefined; slot = list.first) {
    slots.push(slot);
    list.remove(slot);
  }
  return slots;
}

test('each of several lists that share links behaves like a plain array', (t) => {
  const step = fc.record({ list: fc.nat({ max: 2 }), slot: fc.nat({ max: 12 }), moves: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const links = new SlotLinks();
      const lists = [new OrderedList(links), new OrderedList(links), new OrderedList(links)];
      const arrays: number[][] = [[], [], []];
      for (const { list: index, slot, moves } of steps) {
        const home = arrays.findIndex((array) => array.includes(slot));
        const [list, array] = [lists[home === -1 ? index : home], arrays[home === -1 ? index : home]];
        if (list === undefined || array === undefined) continue;
        if (home === -1) list.append(slot);
        else if (moves) list.moveToEnd(slot);
        else list.remove(slot);
        if (home !== -1) array.splice(array.indexOf(slot), 1);
        if (home === -1 || moves) array.push(slot);
        assert.deepEqual(
          lists.map((each) => each.first),
          arrays.map(([first]) => first),
        );
      }
      assert.deepEqual(lists.map(drained), arrays);
    }),
  );
  t.pass();
});

test('links grow with the slots, and keep their content', (t) => {
  const list = new OrderedList(new SlotLinks());
  const slots = [0, 63, 64, 1_000, 65, 1_000_000];
  for (const slot of slots) list.append(slot);
  list.moveToEnd(64);
  t.deepEqual(drained(list), [0, 63, 1_000, 65, 1_000_000, 64]);
});
