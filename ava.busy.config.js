// The folders of faults, those that run with the storms too, at their sample size: CI runs them beside busy processes.
import config from './ava.config.js';

export default {
  ...config,
  files: ['.build/test/**/faults/**/*.test.js', '.build/test/**/faults.test.js'],
};
