// Arranges the compiled test files in groups. AVA runs each group in one worker, because to start a worker and load the library
// and its frameworks takes more time than most files take to run. Files of the same folder load mostly the same modules.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testsWith } from './test-files.js';

const compiled = fileURLToPath(new URL('../.build/test/', import.meta.url));
/** The folder with a module for each group, which imports the files of the group. */
const output = fileURLToPath(new URL('../.build/test-groups/entries/', import.meta.url));
const filesOfGroup = 6;
/** Minimum number of files for which a folder gets its own groups. The files of smaller folders share groups. */
const fewFiles = 3;

/** Matches files that start processes or a Redis. Several such files at once would exceed time limits of stores and servers. */
const startsProcesses = /node:child_process|findRedisBinary/;

/**
 * Matches files that need their own worker. Hooks would also apply to the other files of a group, and AVA accepts no test that
 * is declared after an `await` of another file. Files with other reasons contain the word `@own-worker`.
 */
const needsOwnWorker = /\btest\.(?:serial\.)?(?:before|after|beforeEach|afterEach)\b|^\S.*\bawait\b|@own-worker\b/m;

/** Writes a module for each group, which imports its tests. */
export function groupTests() {
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
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
}

/** Writes the module of a group. @param name shown by the report before each title */
function write(name, files) {
  const imports = files.map((file) => `import '../../test/${file}';\n`).join('');
  writeFileSync(join(output, `${name.replaceAll('/', '-')}.test.js`), imports);
}

function filesByRoom() {
  const rooms = new Map();
  for (const file of readdirSync(compiled, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.test.js') || file.endsWith('.storm.test.js') || file.startsWith('browser/')) continue;
    const room = dirname(file);
    rooms.set(room, [...(rooms.get(room) ?? []), file]);
  }
  return rooms;
}

/** Divides the files into groups of nearly equal size. */
function chunks(files) {
  const count = Math.ceil(files.length / filesOfGroup);
  return Array.from({ length: count }, (_, index) => {
    const begin = Math.round((index * files.length) / count);
    return files.slice(begin, Math.round(((index + 1) * files.length) / count));
  });
}
