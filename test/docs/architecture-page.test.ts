import { existsSync, readdirSync } from 'node:fs';
import test from 'ava';
import { projectPath, readProjectFile } from '../architecture/source-tree.js';

const page = readProjectFile('docs/architecture.md').replaceAll(/\s+/g, ' ');
const steps = [...page.matchAll(/`([\w.]+)` in `([^`]+)`/g)].map(([, name = '', path = '']) => [name, path] as const);

test('the page has the walks', (t) => {
  t.true(steps.length > 25, String(steps.length));
});

for (const [name, path] of new Map(steps.map((step) => [step.join(' in '), step])).values()) {
  test(`${name} is in ${path}`, (t) => {
    t.true(existsSync(projectPath(path)), path);
    const text = readProjectFile(path);
    for (const part of name.split('.')) t.regex(text, new RegExp(`\\b${part}\\b`), part);
    // Its own definition, not only a use.
    const last = name.split('.').at(-1);
    t.regex(
      text,
      new RegExp(`(?:function|class|interface|const) ${last}\\b|\\b${last}(?:<[^>]*>)?\\(|\\b${last} = `),
      last,
    );
  });
}

test('every path that the page of the architecture names is there', (t) => {
  for (const [, path = ''] of page.matchAll(/`((?:src|test)\/[^`*]+)`/g)) t.true(existsSync(projectPath(path)), path);
});

test('every room of the source has a row in the table', (t) => {
  const rooms = readdirSync(projectPath('src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of rooms) t.true(page.includes(`| \`src/${name}\` |`), name);
});
