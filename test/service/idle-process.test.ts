import test from 'ava';
import { Child } from './child.js';

test('a process that resolves the manager and holds a poll, but has nothing else to do, exits by itself', async (t) => {
  const { code, signal, lines, errors } = await new Child('idle-process').ended;
  t.deepEqual({ code, signal, lines, errors }, { code: 0, signal: null, lines: ['resolved'], errors: '' });
});
