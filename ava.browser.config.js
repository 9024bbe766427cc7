export default {
  files: ['dist/test/browser/**/*.test.js'],
  timeout: '2m',
  concurrency: 1,
};
