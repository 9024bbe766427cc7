// The suites of the fronts once more, with a fast lane before each server in the place of the servers alone.
import config from './ava.config.js';
import { testsWith } from './scripts/test-files.js';

/** The demo has a server of its own. */
const isOfSuites = (path) => !path.includes('/demo/');

export default {
  ...config,
  files: testsWith(/\blaneAdapters\b/).filter(isOfSuites),
  environmentVariables: { LANES: '1' },
};
