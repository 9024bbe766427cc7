import { fileURLToPath } from 'node:url';

/** The folder with the programs that the build has bundled into one module each; see `scripts/bundle-tests.js`. */
const folder = process.env.TEST_PROGRAMS;

/** Returns the file of a program that tests start as a process. Its bundle, if there is one, starts twice as fast. */
export function programFile(compiled: URL): string {
  const file = fileURLToPath(compiled);
  return folder === undefined ? file : file.replace(/([\\/])\.build[\\/]/, `$1${folder}$1`);
}
