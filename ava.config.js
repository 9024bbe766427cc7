// The compiled output is tested, because only `tsc` emits the decorator metadata that Inversify reads.
export default {
  files: ['dist/test/**/*.test.js', '!dist/test/browser/**'],
  timeout: '2m',
};
