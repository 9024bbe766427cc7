import test from 'ava';
import { memoryStore } from '../../../src/index.js';

// Callers without types may pass any value.
const untyped = memoryStore as (options: unknown) => unknown;

const faults: readonly (readonly [options: unknown, message: RegExp])[] = [
  [{ snapsot: { path: 'x' } }, /^memoryStore: snapsot is not an option; did you mean snapshot\?; got/],
  [null, /^memoryStore: options must be an object; got null$/],
  [{ snapshot: 'sessions' }, /^memoryStore: snapshot must be an object with a path; got "sessions"$/],
  [{ snapshot: null }, /^memoryStore snapshot: options must be an object; got null$/],
  [{ snapshot: {} }, /^memoryStore snapshot: path must be given; got undefined$/],
  [{ snapshot: { path: '' } }, /^memoryStore snapshot: path must be the path of a file; got ""$/],
  [{ snapshot: { path: 'x', warm: () => {} } }, /^memoryStore snapshot: warm is not an option; did you mean warn\?/],
  [{ snapshot: { path: 'x', report: 1 } }, /^memoryStore snapshot: report must be a function; got 1$/],
];

for (const [options, message] of faults) {
  test(`memoryStore(${JSON.stringify(options)}) is refused`, (t) => {
    t.throws(() => untyped(options), { code: 'INVALID_CONTEXT', message });
  });
}

test('memoryStore accepts no options, and a snapshot with its path', (t) => {
  t.notThrows(() => memoryStore());
  t.notThrows(() => memoryStore({ snapshot: { path: 'sessions.snapshot', warn: () => {} } }));
});
