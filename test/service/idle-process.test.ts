import test from 'ava';
import { Child } from './child.js';

test('a process that has resolved the manager and holds a poll exits when it has nothing else to do', async (t) => {
  const { code, signal, lines, errors } = await new Child('idle-process').ended;
  t.deepEqual({ code, signal, lines, errors }, { code: 0, signal: null, lines: ['resolved'], errors: '' });
});
