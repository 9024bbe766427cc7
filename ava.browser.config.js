export default {
  files: ['.build/test/browser/**/*.test.js'],
  timeout: '2m',
  concurrency: 1,
};
