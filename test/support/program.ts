import { fileURLToPath } from 'node:url';

/** Where the build has put the programs as one module each; see `scripts/bundle-tests.js`. */
const folder = process.env.TEST_PROGRAMS;

/** The file of a compiled program that tests start as a process: as one module, which starts in half of the time, if there is one. */
export function programFile(compiled: URL): string {
  const file = fileURLToPath(compiled);
  return folder === undefined ? file : file.replace(/([\\/])\.build[\\/]/, `$1${folder}$1`);
}
