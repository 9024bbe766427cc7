// The fault tests, including those that the storm configuration also runs, here at their sample size. CI runs them while other
// processes keep the CPU busy.
import config from './ava.config.js';

export default {
  ...config,
  files: ['.build/test/**/faults/**/*.test.js', '.build/test/**/faults.test.js'],
};
