import { open } from 'lmdb';

/** Takes the write lock of an environment, says so, and never lets go of it. */

const [, , path = ''] = process.argv;
const root = open({ path, noSubdir: false, maxDbs: 12 });
root.transactionSync(() => {
  process.send?.('held');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
