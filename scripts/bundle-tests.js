// Makes one module of each group of tests, and of each program that tests start as a process, with what they import. To load the
// library, Inversify and the frameworks, which are hundreds of modules, takes half a second of CPU: more than most files of tests
// take to run.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const compiled = fileURLToPath(new URL('../.build/', import.meta.url));
const groups = join(compiled, 'test-groups');
/** As `test/support/program.ts` looks for them. */
const programs = join(groups, 'programs');
const programOf = /\bprogramFile\(new URL\('([^']+)', import\.meta\.url\)\)/g;

/** The packages of many small modules. Others are loaded as they are installed. */
const bundledPackages = /^(?:inversify|@inversifyjs\/[^/]+|valibot)$/;

/** Leaves the other packages out, and lets each module find its files and programs where it was compiled. */
const packagesAndPlaces = {
  name: 'packages-and-places',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || bundledPackages.test(path) ? undefined : { path, external: true },
    );
    onLoad({ filter: /[\\/]\.build[\\/](?:src|test|demo|bench)[\\/].*\.js$/ }, async ({ path }) => {
      const place = JSON.stringify(pathToFileURL(path).href);
      return { contents: (await readFile(path, 'utf8')).replaceAll('import.meta.url', place), loader: 'js' };
    });
  },
};

const settings = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  keepNames: true,
  plugins: [packagesAndPlaces],
  logLevel: 'warning',
};

export async function bundleTests() {
  for (const name of readdirSync(groups)) if (name !== 'entries') rmSync(join(groups, name), { recursive: true });
  await Promise.all([
    // What several groups import is in chunks that they share.
    build({
      ...settings,
      entryPoints: [join(groups, 'entries', '*.test.js')],
      outdir: groups,
      entryNames: '[name]',
      chunkNames: 'chunks/[name]-[hash]',
      splitting: true,
    }),
    build({ ...settings, entryPoints: programFiles(), outdir: programs, outbase: compiled }),
  ]);
}

/** What the tests start as processes. */
function programFiles() {
  const found = new Set();
  for (const name of readdirSync(join(compiled, 'test'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.js')) continue;
    const module = join(compiled, 'test', name);
    for (const [, path] of readFileSync(module, 'utf8').matchAll(programOf)) {
      found.add(fileURLToPath(new URL(path, pathToFileURL(module))));
    }
  }
  return [...found];
}
