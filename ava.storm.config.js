// The tests that run a sample by default, and their full counts where STORM is set.
import config from './ava.config.js';
import { testsWith } from './scripts/test-files.js';

/** It takes longest: begun last, it would run for minutes when all others have ended. */
const isFirst = (path) => path.endsWith('starts.storm.test.js');

export default {
  ...config,
  files: [...testsWith(/^import \{[^}]*\b(?:isStorm|rounds|stormSize)\b/m), '.build/test/**/*.storm.test.js'],
  sortTestFiles: (one, other) => Number(isFirst(other)) - Number(isFirst(one)),
  environmentVariables: { STORM: '1', TEST_PROGRAMS: '.build/test-groups/programs' },
  timeout: '40m',
};
