import test from 'ava';
import { queryOfTarget, requestTarget } from '../../src/requests/request-target.js';
import fc from '../support/fast-check.js';

const cases: readonly (readonly [target: string | undefined, path: string, query: string])[] = [
  [undefined, '/', ''],
  ['', '/', ''],
  ['/poll', '/poll', ''],
  ['/poll?after=', '/poll', 'after='],
  ['/poll?a=1?b#c', '/poll', 'a=1?b'],
  ['http://x:99999/poll?wait=0', '/poll', 'wait=0'],
  ['HTTP://[::/poll', '/poll', ''],
  ['http://x', '/', ''],
  ['http://x?wait=0', '/', 'wait=0'],
  ['//', '//', ''],
  ['//x:99999/poll', '//x:99999/poll', ''],
  ['/poll?at=http://x:99999/', '/poll', 'at=http://x:99999/'],
  ['*', '*', ''],
];

for (const [target, path, query] of cases) {
  test(`the target ${target} has the path ${path} and the query "${query}"`, (t) => {
    t.deepEqual(requestTarget(target), { path, query });
  });
}

test('a repeated parameter becomes a list, and invalid escapes are no error', (t) => {
  t.deepEqual(
    { ...queryOfTarget('/poll?a=1&a=2&b=%zz&__proto__=x') },
    JSON.parse('{"a":["1","2"],"b":"%zz","__proto__":"x"}'),
  );
});

test('a parameter that was not sent is missing, also if JavaScript objects inherit a member of its name', (t) => {
  const none = queryOfTarget('/poll');
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    t.is(none[name], undefined, name);
    t.is(queryOfTarget(`/poll?${name}=x`)[name], 'x', name);
  }
});

test('no request target makes the parser throw', (t) => {
  fc.assert(fc.property(fc.string(), (text) => queryOfTarget(text) !== undefined));
  t.pass();
});
