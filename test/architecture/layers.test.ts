import test from 'ava';
import { findCycles, findLongFiles, findLooseTypes, findWrongArrows } from './layers.js';
import { graphOf, importsOf, readTree } from './source-tree.js';

const folders = ['src', 'demo', 'bench'];
const tree = readTree(folders);
const graph = graphOf(tree);

test('the check sees the whole source', (t) => {
  for (const path of ['src/index.ts', 'src/service/session-manager.ts', 'src/http/index.ts', 'demo/server.ts']) {
    t.true((graph.get(path)?.length ?? 0) > 0, path);
  }
  const imports = [...graph].filter(([path]) => path.startsWith('src/')).flatMap(([, targets]) => targets);
  for (const target of imports) t.true(!target.endsWith('.ts') || graph.has(target), `${target} is there`);
});

test('no file imports what its layer must not import', (t) => {
  t.deepEqual(findWrongArrows(graph), []);
});

test('no imports form a cycle', (t) => {
  t.deepEqual(findCycles(graph), []);
});

test('no file is longer than 300 lines', (t) => {
  t.deepEqual(findLongFiles(tree), []);
});

test('no code uses the type any or a non-null assertion', (t) => {
  t.deepEqual(findLooseTypes(readTree([...folders, 'test'])), []);
});

const wrongArrows: readonly (readonly [from: string, to: string])[] = [
  ['src/errors/a.ts', 'src/store/b.ts'],
  ['src/validation/a.ts', 'src/context/b.ts'],
  ['src/mailbox/a.ts', 'src/store/b.ts'],
  ['src/mailbox/a.ts', 'src/time/b.ts'],
  ['src/mailbox/a.ts', 'src/context/b.ts'],
  ['src/store/a.ts', 'src/delivery/b.ts'],
  ['src/store/a.ts', 'inversify'],
  ['src/events/a.ts', 'src/delivery/b.ts'],
  ['src/delivery/a.ts', 'src/service/b.ts'],
  ['src/delivery/a.ts', 'node:http'],
  ['src/service/a.ts', 'src/requests/b.ts'],
  ['src/service/a.ts', 'src/stores/memory/b.ts'],
  ['src/service/a.ts', 'src/module.ts'],
  ['src/service/a.ts', 'node:fs'],
  ['src/service/a.ts', '@inversifyjs/http-core'],
  ['src/service/a.ts', 'ioredis'],
  ['src/stores/memory/a.ts', 'src/service/b.ts'],
  ['src/stores/memory/a.ts', 'src/stores/redis/b.ts'],
  ['src/stores/redis/a.ts', 'src/delivery/b.ts'],
  ['src/conformance/a.ts', 'src/service/b.ts'],
  ['src/conformance/a.ts', 'ava'],
  ['src/requests/a.ts', 'src/http/b.ts'],
  ['src/requests/a.ts', '@inversifyjs/http-core'],
  ['src/http/a.ts', 'src/stores/memory/b.ts'],
  ['src/http/a.ts', 'src/express-session/b.ts'],
  ['src/http/a.ts', 'fastify'],
  ['src/http/a.ts', 'src/compat/redis-sessions/rest/b.ts'],
  ['src/websocket/a.ts', 'src/http/b.ts'],
  ['src/websocket/a.ts', 'ws'],
  ['src/client/a.ts', 'src/errors/b.ts'],
  ['src/client/a.ts', 'node:events'],
  ['src/compat/redis-sessions/class/a.ts', 'src/compat/redis-sessions/import/b.ts'],
  ['src/compat/redis-sessions/import/a.ts', 'src/compat/redis-sessions/rest/b.ts'],
  ['src/compat/redis-sessions/rest/a.ts', 'src/stores/redis/b.ts'],
  ['src/compat/redis-sessions/rest/a.ts', 'src/cli/b.ts'],
  ['src/index.ts', 'src/cli/b.ts'],
  ['src/index.ts', 'src/http/b.ts'],
  ['src/module.ts', 'src/http/b.ts'],
  ['src/module.ts', 'src/index.ts'],
  ['src/http/a.ts', 'demo/b.ts'],
  ['demo/a.ts', 'src/service/b.ts'],
  ['bench/a.ts', 'demo/b.ts'],
];

for (const [from, to] of wrongArrows) {
  test(`an import of ${to} by ${from} is found`, (t) => {
    t.deepEqual(findWrongArrows(new Map([[from, [to]]])), [`${from} imports ${to}`]);
  });
}

test('a file that belongs to no layer is found', (t) => {
  t.deepEqual(findWrongArrows(new Map([['src/helpers/a.ts', []]])), ['src/helpers/a.ts belongs to no layer']);
});

test('allowed imports are not reported', (t) => {
  const fine = new Map([
    ['src/service/a.ts', ['src/store/b.ts', 'src/service/b.ts', 'p-queue', 'inversify']],
    ['src/http/a.ts', ['src/service/b.ts', 'src/http/b.ts', '@inversifyjs/http-core']],
    ['demo/a.ts', ['src/index.ts', 'src/http/index.ts', 'demo/b.ts', 'fastify', 'node:fs']],
  ]);
  t.deepEqual(findWrongArrows(fine), []);
});

test('a cycle of any length is found, and also a file that imports itself', (t) => {
  t.deepEqual(
    findCycles(
      new Map([
        ['a.ts', ['b.ts', 'c.ts']],
        ['b.ts', ['c.ts']],
        ['c.ts', ['d.ts', 'x']],
        ['d.ts', ['b.ts']],
      ]),
    ),
    ['b.ts → c.ts → d.ts → b.ts'],
  );
  t.deepEqual(findCycles(new Map([['a.ts', ['a.ts']]])), ['a.ts → a.ts']);
  t.deepEqual(
    findCycles(
      new Map([
        ['a.ts', ['b.ts', 'c.ts']],
        ['b.ts', ['c.ts']],
        ['c.ts', []],
      ]),
    ),
    [],
  );
});

test('every form of import is read, but no import in a comment', (t) => {
  const text = `
import 'reflect-metadata';
import fs, { type Stats } from 'node:fs';
import {
  one,
  two,
} from './sibling.js';
import type { Three } from '../http/three.js';
export { four } from '../stores/memory/four.js';
export * from './all.js';
export type Text = 'from';
const lazy = await import('@scope/name/deep');
// import 'comment';
/* import 'block'; */
const text = "import 'text'";
`;
  t.deepEqual(importsOf('src/store/a.ts', text), [
    'reflect-metadata',
    'node:fs',
    'src/store/sibling.ts',
    'src/http/three.ts',
    'src/stores/memory/four.ts',
    'src/store/all.ts',
    '@scope/name',
  ]);
});

test('a file of 301 lines is found, but neither a file of 300 lines nor a generated file', (t) => {
  const lines = (count: number) => 'x\n'.repeat(count);
  t.deepEqual(
    findLongFiles(
      new Map([
        ['a.ts', lines(301)],
        ['b.ts', lines(300)],
        ['c.generated.ts', lines(301)],
      ]),
    ),
    ['a.ts has 301 lines'],
  );
});

const loose = [
  'let a: any;',
  'f(b as any)',
  'let a: any[] = []',
  'Map<string, any>',
  'g = (): any => 1',
  'a!.b',
  'f(a!)',
  'a[0]!;',
  'g()!.h',
  'return a!',
  'let a: string | any',
];
const tight = [
  'a != b',
  'a !== b',
  '!a',
  'if (!a) {}',
  'f(!a, !b)',
  '// any thing!',
  "'any: any!.'",
  'Promise.any([])',
  '{ any: true }',
  'let anything: many;',
  'AbortSignal.any(a)',
  'a = !b',
  '`wow!`',
];

test('loose types are found in code, but not in text that only looks like them', (t) => {
  for (const line of loose) t.deepEqual(findLooseTypes(new Map([['a.ts', line]])), [`a.ts:1 ${line}`]);
  for (const line of tight) t.deepEqual(findLooseTypes(new Map([['a.ts', line]])), [], line);
});
