import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import test from 'ava';
import { projectPath } from '../architecture/source-tree.js';
import { codeBlocks, pages } from './pages.js';

const run = promisify(execFile);
const languages = ['ts', 'js'];
// The test removes this folder at the start. Therefore it must not contain the folders of other test files.
const folder = '.build/docs-samples/blocks';
const limit = 240_000;

/**
 * Every code block of the docs, with the way to test it. `runs`: the block runs to its end by itself. `compiles`: the block
 * needs a server, so it is only compiled, with the flags that the pages name. Otherwise: the test file that runs the block.
 */
const samples: Readonly<Record<string, 'runs' | 'compiles' | `${string}.test.ts`>> = {
  'README.md ts 1': 'runs',
  'docs/client.md js 1': 'client-page.test.ts',
  'docs/console.md js 1': 'runs',
  'docs/console.md ts 1': 'runs',
  'docs/express-session.md js 1': 'express-sample.test.ts',
  'docs/express-session.md ts 1': 'express-sample.test.ts',
  'docs/fast-lane.md js 1': 'runs',
  'docs/fetch.md ts 1': 'front-samples.test.ts',
  'docs/http.md ts 1': 'http-samples.test.ts',
  'docs/http.md ts 2': 'http-samples.test.ts',
  'docs/http.md ts 3': 'http-samples.test.ts',
  'docs/http.md ts 4': 'http-samples.test.ts',
  'docs/migrating.md js 1': 'runs',
  'docs/metrics.md js 1': 'runs',
  'docs/metrics.md js 2': 'runs',
  'docs/metrics.md js 3': 'runs',
  'docs/node.md ts 1': 'front-samples.test.ts',
  'docs/events.md js 1': 'runs',
  'docs/events.md js 2': 'runs',
  'docs/operations.md js 1': 'operations-page.test.ts',
  'docs/passport.md js 1': 'express-sample.test.ts',
  'docs/poll.md js 1': 'poll-client.test.ts',
  'docs/recipes.md js 1': 'recipes-page.test.ts',
  'docs/recipes.md js 2': 'runs',
  'docs/recipes.md js 3': 'runs',
  'docs/recipes.md js 4': 'runs',
  'docs/recipes.md js 5': 'runs',
  'docs/recipes.md js 6': 'runs',
  'docs/recipes.md js 7': 'runs',
  'docs/redis-sessions.md ts 1': 'docs-samples.test.ts',
  'docs/redis.md ts 1': 'compiles',
  'docs/rest.md ts 1': 'docs-samples.test.ts',
  'docs/session-manager.md ts 1': 'runs',
  'docs/sqlite.md js 1': 'runs',
  'docs/stores.md ts 1': 'runs',
  'docs/stores.md ts 2': 'runs',
  'docs/troubleshooting.md js 1': 'troubleshooting.test.ts',
  'docs/troubleshooting.md js 2': 'docs-samples.test.ts',
  'docs/websocket.md ts 1': 'websocket-page.test.ts',
  'docs/websocket.md ts 2': 'websocket-page.test.ts',
  'docs/websocket.md ts 3': 'websocket-page.test.ts',
};

const blocks = new Map(
  pages()
    .flatMap((page) => codeBlocks(page, languages))
    .map((block) => [`${block.page} ${block.language} ${block.number}`, block]),
);

function fileOf(name: string): string {
  const { language = '' } = blocks.get(name) ?? {};
  return `${name.replaceAll(/[^A-Za-z0-9]+/g, '-')}.${language === 'ts' ? 'mts' : 'mjs'}`;
}

/**
 * What the comments behind calls of `console.log` say that they print: up to an ellipsis or an explanation, without
 * spaces. A comment that begins with `in` names a unit.
 */
function announced(text: string): readonly string[] {
  const comments = [...text.matchAll(/console\.log\(.*\/\/ (?!in )(.*)$/gm)];
  return comments.map(([, comment = '']) => comment.replace(/(?:, |: |…).*$/, '').replaceAll(/\s/g, ''));
}

test.before(async () => {
  await rm(projectPath(folder), { recursive: true, force: true });
  await mkdir(projectPath(folder), { recursive: true });
  for (const [name, { text }] of blocks) {
    if (samples[name]?.endsWith('.test.ts')) continue;
    await writeFile(projectPath(`${folder}/${fileOf(name)}`), text);
  }
  const flags = { experimentalDecorators: true, emitDecoratorMetadata: true, skipLibCheck: true, types: ['node'] };
  const compilerOptions = { strict: true, target: 'es2023', module: 'nodenext', ...flags };
  await writeFile(projectPath(`${folder}/tsconfig.json`), JSON.stringify({ compilerOptions, include: ['*.mts'] }));
});

test('every code block of the docs has a test', (t) => {
  t.deepEqual([...blocks.keys()].toSorted(), Object.keys(samples).toSorted());
});

test.serial(
  'every TypeScript block that no other test compiles is valid with the flags that the docs name',
  async (t) => {
    const compiler = projectPath('node_modules/typescript/bin/tsc');
    t.timeout(limit);
    await t.notThrowsAsync(run(process.execPath, [compiler, '-p', projectPath(folder)], { timeout: limit }));
  },
);

for (const [name, how] of Object.entries(samples)) {
  if (how !== 'runs') continue;
  test.serial(`${name} runs to its end`, async (t) => {
    t.timeout(limit);
    const file = projectPath(`${folder}/${fileOf(name).replace('.mts', '.mjs')}`);
    const { stdout } = await run(process.execPath, [file], { cwd: projectPath(folder), timeout: limit });
    let output = stdout.replaceAll(/\s/g, '');
    const missing = announced(blocks.get(name)?.text ?? '').filter((printed) => {
      const at = output.indexOf(printed);
      output = output.slice(at + printed.length);
      return at < 0;
    });
    t.deepEqual(missing, [], stdout);
  });
}
