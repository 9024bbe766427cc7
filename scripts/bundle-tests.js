// Bundles each group of tests, and each program that tests start as a process, with its imports into one module. The library,
// Inversify and the frameworks have hundreds of modules. To load these takes half a second of CPU, which is more than most test
// files take to run.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const compiled = fileURLToPath(new URL('../.build/', import.meta.url));
const groups = join(compiled, 'test-groups');
/** The folder in which `test/support/program.ts` looks for programs. */
const programs = join(groups, 'programs');
const programOf = /\bprogramFile\(new URL\('([^']+)', import\.meta\.url\)\)/g;

/** Packages to bundle, because they have many small modules. Other packages are loaded from `node_modules`. */
const bundledPackages = /^(?:inversify|@inversifyjs\/[^/]+|valibot)$/;

/** Excludes the other packages, and lets each module find its files and programs relative to its compiled file. */
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
    // Modules that several groups import are put into shared chunks.
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

/** Returns the modules that the tests start as processes. */
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
