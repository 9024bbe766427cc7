// The compiled output is tested, because only `tsc` emits the decorator metadata that Inversify reads.
export default {
  // What repeats another level is run by `npm run test:storm`.
  files: ['.build/test/**/*.test.js', '!.build/test/browser/**', '!.build/test/**/*.storm.test.js'],
  // One more than the cores of a small machine: many tests wait for processes and for time to pass.
  concurrency: 3,
  timeout: '10m',
};
