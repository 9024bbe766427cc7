import { open } from 'lmdb';

/** Makes an environment that takes one reader at a time, is that reader, and says so. */

const [, , path = ''] = process.argv;
const root = open({ path, noSubdir: false, maxDbs: 12, maxReaders: 1 });
root.useReadTransaction();
process.send?.('reading');
setInterval(() => {}, 60_000);
