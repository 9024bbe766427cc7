import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import * as v from 'valibot';
import { projectPath, readProjectFile } from './source-tree.js';

const run = promisify(execFile);

const packSchema = v.tuple([
  v.object({ size: v.number(), unpackedSize: v.number(), files: v.array(v.object({ path: v.string() })) }),
]);

let packed: ReturnType<typeof packOnce> | undefined;

/**
 * Returns the paths in the package that `npm pack` would make, and its sizes in bytes. The build has run already, so no script
 * needs to run.
 */
function pack() {
  packed ??= packOnce();
  return packed;
}

async function packOnce() {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: projectPath('.'),
    maxBuffer: 10_000_000,
  });
  const [{ size, unpackedSize, files }] = v.parse(packSchema, JSON.parse(stdout));
  return { size, unpackedSize, paths: files.map(({ path }) => path) };
}

/** Returns the first `depth` names of each path, without duplicates. */
function entries(paths: readonly string[], depth: number): readonly string[] {
  return [...new Set(paths.map((path) => path.split('/').slice(0, depth).join('/')))].toSorted();
}

test('the package has its code, its docs and its licence, and nothing else', async (t) => {
  const { paths } = await pack();
  t.deepEqual(entries(paths, 1), ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json']);
  const folders = entries(
    paths.filter((path) => path.startsWith('dist/')),
    2,
  );
  for (const folder of ['dist/src', 'dist/test', 'dist/demo', 'dist/bench']) t.false(folders.includes(folder), folder);
  t.deepEqual(
    paths.filter((path) => /\.(?:png|webp)$|\.test\.|(?<!\.d)\.ts$|\.tsbuildinfo$/.test(path)),
    [],
  );
});

test('the package is at most 800 kB packed and 3 MB unpacked', async (t) => {
  const { size, unpackedSize } = await pack();
  t.true(size < 800_000, `${size} bytes packed`);
  t.true(unpackedSize < 3_000_000, `${unpackedSize} bytes unpacked`);
});

test('every module of the package has a file with its types', async (t) => {
  const paths = new Set((await pack()).paths);
  const modules = [...paths].filter((path) => path.endsWith('.js'));
  t.true(modules.length > 100);
  for (const path of modules) t.true(paths.has(path.replace(/\.js$/, '.d.ts')), path);
});

test('no declaration of the package names TracingChannel, whose type parameters @types/node 26 has exchanged', async (t) => {
  const declarations = (await pack()).paths.filter((path) => path.endsWith('.d.ts'));
  t.true(declarations.length > 100);
  t.deepEqual(
    declarations.filter((path) => /\bTracingChannel\b(?!`)/.test(readProjectFile(path))),
    [],
  );
});

test('the manifest names the licence, the repository and the address for bugs', (t) => {
  const { license, repository, bugs, keywords, engines } = JSON.parse(readProjectFile('package.json'));
  t.is(license, 'MIT');
  t.regex(readProjectFile('LICENSE'), /^MIT License\n/);
  t.regex(repository.url, /^git\+https:/);
  t.regex(bugs.url, /^https:/);
  t.true(keywords.length > 3);
  t.is(engines.node, '>=20.19');
});
