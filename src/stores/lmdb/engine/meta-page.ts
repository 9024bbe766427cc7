import { readSync } from 'node:fs';

/** Where things stand in a meta page of LMDB's data format 2, as the `lmdb` package builds it for 64 bits. */
const pageNumberAt = 0;
const magicAt = 24;
const versionAt = 28;
const pageSizeAt = 48;
const lastPageAt = 144;
const transactionAt = 152;
const headLength = 168;
const magic = 0xbeefc0de;
const swappedMagic = 0xdec0efbe;
const version = 2;

/** One of the two pages that say where the newest, or the newest but one, of all states of an environment begins. */
export class MetaPage {
  readonly bytes: Buffer;

  /** @throws Error unless it is one */
  constructor(bytes: Buffer) {
    if (bytes.length < headLength) throw new Error('The data file is damaged: it is cut short');
    const found = bytes.readUInt32LE(magicAt);
    if (found === swappedMagic) throw new Error('The data file is of another byte order');
    if (found !== magic) throw new Error('The data file is damaged: it is not an LMDB file');
    const foundVersion = bytes.readUInt32LE(versionAt) & 0xffff;
    if (foundVersion !== version) throw new Error(`The data file is of another version: ${foundVersion}`);
    this.bytes = bytes;
    const { pageSize } = this;
    if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) {
      throw new Error(`The data file is damaged: it says that its pages have ${pageSize} bytes`);
    }
    if (this.lastPage > 2 ** 40)
      throw new Error(`The data file is damaged: it says that it has ${this.lastPage} pages`);
  }

  get pageSize(): number {
    return this.bytes.readUInt32LE(pageSizeAt);
  }

  get lastPage(): number {
    return Number(this.bytes.readBigUInt64LE(lastPageAt));
  }

  /** The transaction that wrote it. */
  get transaction(): number {
    return Number(this.bytes.readBigUInt64LE(transactionAt));
  }

  /** The same state, as if it had been written to that place by that transaction. */
  movedTo(place: 0 | 1, transaction: number): Buffer {
    const copy = Buffer.from(this.bytes);
    copy.writeBigUInt64LE(BigInt(place), pageNumberAt);
    copy.writeBigUInt64LE(BigInt(transaction), transactionAt);
    return copy;
  }
}

/** The newer of the two. @throws Error */
export function readNewestMeta(file: number): MetaPage {
  const { pageSize } = new MetaPage(readAt(file, 0, headLength));
  const [one, other] = [0, pageSize].map((position) => new MetaPage(readAt(file, position, pageSize)));
  if (one === undefined || other === undefined) throw new Error('The data file is damaged: it has no meta pages');
  return one.transaction >= other.transaction ? one : other;
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, position));
}
