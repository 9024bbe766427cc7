// The tests that run within their own process and in seconds: of what they reach the coverage is printed.
import config from './ava.config.js';
import { testsWith } from './scripts/test-files.js';

const elsewhere = [/findRedisBinary/, /node:child_process/, /stores\/sqlite\//].flatMap(testsWith);

export default {
  ...config,
  files: [...config.files, ...elsewhere.map((path) => `!${path}`)],
};
