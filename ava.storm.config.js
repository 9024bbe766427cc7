// The tests that run only a sample by default. With STORM they run their full counts.
import config from './ava.config.js';
import { testsWith } from './scripts/test-files.js';

/** Whether the file must start first. It takes the longest, and would still run for minutes after all others have ended. */
const isFirst = (path) => path.endsWith('starts.storm.test.js');

export default {
  ...config,
  files: [...testsWith(/^import \{[^}]*\b(?:isStorm|rounds|stormSize)\b/m), '.build/test/**/*.storm.test.js'],
  sortTestFiles: (one, other) => Number(isFirst(other)) - Number(isFirst(one)),
  environmentVariables: { STORM: '1', TEST_PROGRAMS: '.build/test-groups/programs' },
  timeout: '40m',
};
