import { readdirSync } from 'node:fs';
import test from 'ava';
import { projectPath, readProjectFile } from './source-tree.js';

/**
 * Words that are hard to understand. Name the actor (client, node, caller, listener) and use the verb of the field instead
 * (evict, expire, notify, forward, release, acknowledge).
 */
const words = ['whoever', 'whomever', 'nobody', 'heirs?', 'doorbells?', 'farewells?', 'despair', 'whim', 'henceforth'];
const pattern = new RegExp(`\\b(?:${words.join('|')})\\b`, 'gi');
const folders = ['src', 'test', 'demo', 'bench', 'docs', 'scripts', 'config'];
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'];
const thisFile = 'test/architecture/language.test.ts';

function textFiles(): readonly string[] {
  const found = folders.flatMap((folder) =>
    readdirSync(projectPath(folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
  const own = found.filter((path) => !path.includes('/node_modules/'));
  return [...own.filter((path) => /\.(?:ts|js|lua|md|html|css|json)$/.test(path) && path !== thisFile), ...pages];
}

function findUnclearWords(text: string): readonly string[] {
  return text
    .split('\n')
    .flatMap((line, index) => [...line.matchAll(pattern)].map(([word]) => `${index + 1}: ${word}`));
}

test('no text of the project uses one of the words that are hard to understand', (t) => {
  t.deepEqual(
    textFiles().flatMap((path) => findUnclearWords(readProjectFile(path)).map((found) => `${path}:${found}`)),
    [],
  );
});

test('one of the words is found in upper and lower case, but not within another word', (t) => {
  t.deepEqual(findUnclearWords('a\nWhoever asks\ntheir whims, inherited'), ['2: Whoever']);
});
