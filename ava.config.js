// The compiled output is tested, because only `tsc` emits the decorator metadata that Inversify reads.
export default {
  files: ['.build/test/**/*.test.js', '!.build/test/browser/**'],
  timeout: '10m',
};
