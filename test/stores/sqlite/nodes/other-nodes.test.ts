import test from 'ava';
import { giveUpAfter, OtherNodes } from '../../../../src/stores/sqlite/nodes/other-nodes.js';

test('a node whose beat stands still is given up after a while, and not before', (t) => {
  const nodes = new OtherNodes();
  t.deepEqual(nodes.observe([['still', 5]], 1_000), []);
  t.deepEqual(nodes.observe([['still', 5]], 1_000 + giveUpAfter - 1), []);
  t.deepEqual(nodes.observe([['still', 5]], 1_000 + giveUpAfter), ['still']);
});

test('a node whose beat goes on is not given up, however long this process was stopped between two looks', (t) => {
  const nodes = new OtherNodes();
  nodes.observe([['alive', 5]], 0);
  t.deepEqual(nodes.observe([['alive', 6]], 10 * giveUpAfter), []);
});

test('a node that left and came back is observed anew', (t) => {
  const nodes = new OtherNodes();
  nodes.observe([['back', 0]], 0);
  nodes.observe([], 1_000);
  t.deepEqual(nodes.observe([['back', 0]], giveUpAfter), []);
});
