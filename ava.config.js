// The compiled output is tested, because only `tsc` emits the decorator metadata that Inversify reads.
export default {
  // What repeats another level is run by `npm run test:storm`.
  files: ['.build/test/**/*.test.js', '!.build/test/browser/**', '!.build/test/**/*.storm.test.js'],
  // As many as the cores of a small machine: more only compete for them.
  concurrency: 2,
  timeout: '10m',
};
