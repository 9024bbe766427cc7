export default {
  files: ['.build/test/browser/**/*.test.js'],
  timeout: '10m',
  concurrency: 1,
};
