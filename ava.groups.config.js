// All tests of `ava.config.js`, in the groups that the build creates. Each group runs in one worker.
import config from './ava.config.js';

export default {
  ...config,
  files: ['.build/test-groups/*.test.js'],
  environmentVariables: { TEST_PROGRAMS: '.build/test-groups/programs' },
};
