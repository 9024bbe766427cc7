import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import test from 'ava';
import { projectPath, readProjectFile } from '../architecture/source-tree.js';
import { anchorsOf, pages } from './pages.js';

const more = ['CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'bench/README.md'];

for (const page of [...pages(), ...more]) {
  test(`${page}: every link points to an existing file and, if it has an anchor, to a heading of that file`, (t) => {
    const text = readProjectFile(page).replaceAll(/^```[\s\S]*?^```$/gm, '');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    for (const link of links.filter((each) => !/^[a-z]+:/.test(each))) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      t.true(existsSync(projectPath(target)), link);
      if (anchor !== undefined) t.true(anchorsOf(readProjectFile(target)).has(anchor), link);
    }
    t.pass();
  });
}

test('the README has at most 150 lines, and links every page of docs', (t) => {
  const readme = readProjectFile('README.md');
  t.true(readme.trimEnd().split('\n').length <= 150);
  for (const page of pages().filter((each) => each !== 'README.md')) t.true(readme.includes(`](${page})`), page);
});
