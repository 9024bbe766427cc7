import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { projectPath } from './source-tree.js';

test('each test file that npm test runs is in exactly one group', (t) => {
  const folder = projectPath('.build/test-groups/entries');
  const grouped = readdirSync(folder).flatMap((name) =>
    [...readFileSync(`${folder}/${name}`, 'utf8').matchAll(/^import '\.\.\/\.\.\/test\/(.+)';$/gm)].map(
      ([, path]) => path,
    ),
  );
  const files = readdirSync(projectPath('test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.test\.ts$/.test(path) && !/\.storm\.|^browser\//.test(path))
    .map((path) => path.replace(/\.ts$/, '.js'));
  t.deepEqual(grouped.toSorted(), files.toSorted());
});
