// The tests that run a sample by default, and their full counts where STORM is set.
import config from './ava.config.js';
import { testsWith } from './scripts/test-files.js';

export default {
  ...config,
  files: [...testsWith(/^import \{[^}]*\b(?:isStorm|rounds|stormSize)\b/m), '.build/test/**/*.storm.test.js'],
  environmentVariables: { STORM: '1' },
  timeout: '40m',
};
