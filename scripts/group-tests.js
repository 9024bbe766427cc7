// Arranges the compiled test files in groups, each of which AVA runs in one worker, and makes each group one module with what it
// imports. To start a worker and to load the library, Inversify and the frameworks in it, which are hundreds of modules, takes more
// time than most files take to run.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { testsWith } from './test-files.js';

const compiled = fileURLToPath(new URL('../.build/test/', import.meta.url));
const output = fileURLToPath(new URL('../.build/test-groups/', import.meta.url));
/** For each group a module with an import of each of its files. */
const entries = join(output, 'entries');
const filesOfGroup = 6;
/** The files of a room that has fewer share groups with those of others. */
const fewFiles = 3;

/** What starts processes or a Redis: several files at once would exceed the time limits of stores and servers. */
const startsProcesses = /node:child_process|findRedisBinary/;

/**
 * Hooks would apply to the other files too, and AVA accepts no test that is declared after an `await` of another file. The word
 * says it for other reasons.
 */
const needsOwnWorker = /\btest\.(?:serial\.)?(?:before|after|beforeEach|afterEach)\b|^\S.*\bawait\b|@own-worker\b/m;

/** The packages of many small modules. Others are loaded as they are installed. */
const bundledPackages = /^(?:inversify|@inversifyjs\/[^/]+|valibot)$/;

export async function groupTests() {
  rmSync(output, { recursive: true, force: true });
  mkdirSync(entries, { recursive: true });
  const withProcesses = new Set(testsWith(startsProcesses));
  const small = [];
  for (const [room, all] of filesByRoom()) {
    const alone = all.filter(
      (file) =>
        withProcesses.has(`.build/test/${file}`) || needsOwnWorker.test(readFileSync(join(compiled, file), 'utf8')),
    );
    const together = all.filter((file) => !alone.includes(file));
    for (const file of alone) write(file.replace(/\.test\.js$/, ''), [file]);
    if (together.length < fewFiles) small.push(...together);
    else for (const [index, files] of chunks(together).entries()) write(`${room}-${index + 1}`, files);
  }
  for (const [index, files] of chunks(small).entries()) write(`small-rooms-${index + 1}`, files);
  await bundleGroups();
}

/** The name is what the report shows before each title. */
function write(name, files) {
  const imports = files.map((file) => `import '../../test/${file}';\n`).join('');
  writeFileSync(join(entries, `${name.replaceAll('/', '-')}.test.js`), imports);
}

/** What several groups import is in chunks that they share, so that nothing is compiled for each. */
function bundleGroups() {
  return build({
    entryPoints: [join(entries, '*.test.js')],
    outdir: output,
    entryNames: '[name]',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    keepNames: true,
    plugins: [packagesAndPlaces],
    logLevel: 'warning',
  });
}

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

function filesByRoom() {
  const rooms = new Map();
  for (const file of readdirSync(compiled, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.test.js') || file.endsWith('.storm.test.js') || file.startsWith('browser/')) continue;
    const room = dirname(file);
    rooms.set(room, [...(rooms.get(room) ?? []), file]);
  }
  return rooms;
}

/** As even as can be, so that none has only what is left over. */
function chunks(files) {
  const count = Math.ceil(files.length / filesOfGroup);
  return Array.from({ length: count }, (_, index) => {
    const begin = Math.round((index * files.length) / count);
    return files.slice(begin, Math.round(((index + 1) * files.length) / count));
  });
}
