import { existsSync, readdirSync } from 'node:fs';
import test from 'ava';
import { projectPath, readProjectFile } from '../architecture/source-tree.js';

const page = readProjectFile('docs/architecture.md').replaceAll(/\s+/g, ' ');
const steps = [...page.matchAll(/`([\w.]+)` in `([^`]+)`/g)].map(([, name = '', path = '']) => [name, path] as const);

test('the page names the steps of the walks in the form that this test reads', (t) => {
  t.true(steps.length > 25, String(steps.length));
});

for (const [name, path] of new Map(steps.map((step) => [step.join(' in '), step])).values()) {
  test(`${name} is in ${path}`, (t) => {
    t.true(existsSync(projectPath(path)), path);
    const text = readProjectFile(path);
    for (const part of name.split('.')) t.regex(text, new RegExp(`\\b${part}\\b`), part);
    // The file must define the name, not only use it.
    const last = name.split('.').at(-1);
    t.regex(
      text,
      new RegExp(`(?:function|class|interface|const) ${last}\\b|\\b${last}(?:<[^>]*>)?\\(|\\b${last} = `),
      last,
    );
  });
}

test('every path that the page of the architecture names exists', (t) => {
  for (const [, path = ''] of page.matchAll(/`((?:src|test)\/[^`*]+)`/g)) t.true(existsSync(projectPath(path)), path);
});

test('every folder of the source has a row in the table', (t) => {
  const rooms = readdirSync(projectPath('src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of rooms) t.true(page.includes(`| \`src/${name}\` |`), name);
});
