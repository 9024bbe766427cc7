// The tests that start no Redis: they run on another Node than the one that the machine has.
import config from './ava.config.js';
import { testsWith } from './scripts/test-files.js';

export default { ...config, files: [...config.files, ...testsWith(/findRedisBinary/).map((path) => `!${path}`)] };
