import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';

/** Where things stand in a meta page of LMDB's data format 2, as the `lmdb` package builds it: 64 bits, native order. */
const magicAt = 24;
const versionAt = 28;
const pageSizeAt = 48;
const lastPageAt = 144;
const transactionAt = 152;
const metaLength = 168;
const magic = 0xbeefc0de;
const swappedMagic = 0xdec0efbe;
const version = 2;

/**
 * Looks at the head of the data file before LMDB maps it: what is no environment would end the process there rather
 * than fail. The lock file is left alone: to open and close it would let go of locks that this process may have on it.
 *
 * @throws Error
 */
export function inspectDataFile(path: string): void {
  const file = openOrNothing(`${path}/data.mdb`);
  if (file === undefined) return;
  try {
    const { size } = fstatSync(file);
    // Made, and never written to: by a process that was killed just then.
    if (size === 0) return;
    const needed = requiredSize(file, size);
    // Pages that were given up before they were ever written may be missing at the end. If they are not, LMDB finds
    // empty pages there and says so, where it would crash beyond the end of the file.
    if (needed > size) ftruncateSync(file, needed);
  } finally {
    closeSync(file);
  }
}

function openOrNothing(path: string): number | undefined {
  try {
    return openSync(path, 'r+');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What the newer of the two meta pages says that there is. */
function requiredSize(file: number, size: number): number {
  const first = readMeta(file, 0, size);
  const pageSize = first.readUInt32LE(pageSizeAt);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) {
    throw new Error(`The data file is damaged: it says that its pages have ${pageSize} bytes`);
  }
  const second = readMeta(file, pageSize, size);
  const isFirstNewer = first.readBigUInt64LE(transactionAt) >= second.readBigUInt64LE(transactionAt);
  const lastPage = Number((isFirstNewer ? first : second).readBigUInt64LE(lastPageAt));
  if (lastPage > 2 ** 40) throw new Error(`The data file is damaged: it says that it has ${lastPage} pages`);
  return (lastPage + 1) * pageSize;
}

function readMeta(file: number, position: number, size: number): Buffer {
  const meta = Buffer.alloc(metaLength);
  if (readSync(file, meta, 0, metaLength, position) < metaLength) {
    throw new Error(`The data file is damaged: it ends after ${size} bytes`);
  }
  const found = meta.readUInt32LE(magicAt);
  if (found === swappedMagic) throw new Error('The data file is of another byte order');
  if (found !== magic) throw new Error('The data file is damaged: it is not an LMDB file');
  const foundVersion = meta.readUInt32LE(versionAt) & 0xffff;
  if (foundVersion !== version) throw new Error(`The data file is of another version: ${foundVersion}`);
  return meta;
}
