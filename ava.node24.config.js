// The tests that start no Redis, to run on another version of Node than the installed one.
import config from './ava.config.js';
import { testsWith } from './scripts/test-files.js';

export default { ...config, files: [...config.files, ...testsWith(/findRedisBinary/).map((path) => `!${path}`)] };
