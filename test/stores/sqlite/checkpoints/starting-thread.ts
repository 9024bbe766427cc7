import { CheckpointThread } from '../../../../src/stores/sqlite/checkpoints/checkpoint-thread.js';

/** Starts the thread for checkpoints, and exits meanwhile with the code 3. */

const [, , path = '', microseconds = '0'] = process.argv;
const exitAt = performance.now() + Number(microseconds) / 1_000;
new CheckpointThread(path);
// A timer alone has a resolution of a millisecond, and some steps of the start are shorter.
setTimeout(
  () => {
    while (performance.now() < exitAt);
    process.exit(3);
  },
  Number(microseconds) / 1_000 - 2,
);
