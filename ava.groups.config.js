// All tests of `ava.config.js`, in the groups that the build arranges, each of which takes one worker.
import config from './ava.config.js';

export default {
  ...config,
  files: ['.build/test-groups/*.test.js'],
  environmentVariables: { TEST_PROGRAMS: '.build/test-groups/programs' },
};
