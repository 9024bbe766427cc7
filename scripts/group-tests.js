// Arranges the compiled test files in groups, each of which AVA runs in one worker. To start a worker and to load the library and
// its frameworks takes more time than most files take to run, and most files are of one room and load the same.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testsWith } from './test-files.js';

const compiled = fileURLToPath(new URL('../.build/test/', import.meta.url));
/** For each group a module with an import of each of its files. */
const output = fileURLToPath(new URL('../.build/test-groups/entries/', import.meta.url));
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

/** Writes a file for each group, with imports of its tests. */
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

/** The name is what the report shows before each title. */
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

/** As even as can be, so that none has only what is left over. */
function chunks(files) {
  const count = Math.ceil(files.length / filesOfGroup);
  return Array.from({ length: count }, (_, index) => {
    const begin = Math.round((index * files.length) / count);
    return files.slice(begin, Math.round(((index + 1) * files.length) / count));
  });
}
