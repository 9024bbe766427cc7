// Tests run on the compiled output, because only `tsc` emits the decorator metadata that Inversify reads.
export default {
  // `npm run test:storm` runs the `.storm.test.js` files, which repeat tests of another level or take many processes.
  files: ['.build/test/**/*.test.js', '!.build/test/browser/**', '!.build/test/**/*.storm.test.js'],
  // One worker more than a small machine has cores, because many tests wait for processes and for time to pass.
  concurrency: 3,
  timeout: '10m',
};
