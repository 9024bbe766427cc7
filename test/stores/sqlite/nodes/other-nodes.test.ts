import test from 'ava';
import { giveUpAfter, OtherNodes } from '../../../../src/stores/sqlite/nodes/other-nodes.js';

test('a node whose beat does not advance is given up after a while, but not earlier', (t) => {
  const nodes = new OtherNodes();
  t.deepEqual(nodes.observe([['still', 5]], 1_000), []);
  t.deepEqual(nodes.observe([['still', 5]], 1_000 + giveUpAfter - 1), []);
  t.deepEqual(nodes.observe([['still', 5]], 1_000 + giveUpAfter), ['still']);
});

test('a node whose beat advances is not given up, no matter how long this process was stopped between two looks', (t) => {
  const nodes = new OtherNodes();
  nodes.observe([['alive', 5]], 0);
  t.deepEqual(nodes.observe([['alive', 6]], 10 * giveUpAfter), []);
});

test('a node that left and came back is observed from the beginning', (t) => {
  const nodes = new OtherNodes();
  nodes.observe([['back', 0]], 0);
  nodes.observe([], 1_000);
  t.deepEqual(nodes.observe([['back', 0]], giveUpAfter), []);
});
