// The test suites of the fronts again, with a fast lane before each server.
import config from './ava.config.js';
import { testsWith } from './scripts/test-files.js';

/** Excludes the tests of the demo, which has its own server. */
const isOfSuites = (path) => !path.includes('/demo/');

export default {
  ...config,
  files: testsWith(/\blaneAdapters\b/).filter(isOfSuites),
  environmentVariables: { LANES: '1' },
};
