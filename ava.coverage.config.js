// The tests for the coverage report: those that start no other process and no SQLite store, and run within seconds.
import config from './ava.config.js';
import { testsWith } from './scripts/test-files.js';

const elsewhere = [/findRedisBinary/, /node:child_process/, /stores\/sqlite\//].flatMap(testsWith);

export default {
  ...config,
  files: [...config.files, ...elsewhere.map((path) => `!${path}`)],
};
