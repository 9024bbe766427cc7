import type { TestFn } from 'ava';
import { NodeProcess } from './node-process.js';

/** Starts nodes for all tests of a file. Each node is a process. */
export function startedNodes(test: TestFn, count: number): () => readonly NodeProcess[] {
  let nodes: readonly NodeProcess[] | undefined;
  test.before('nodes are started', () => {
    nodes = Array.from({ length: count }, () => new NodeProcess());
  });
  test.after.always('the nodes are stopped', async () => {
    for (const node of nodes ?? []) await node.stop();
  });
  return () => {
    if (nodes === undefined) throw new Error('No node is started before the first test');
    return nodes;
  };
}
