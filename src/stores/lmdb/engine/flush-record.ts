import { createHash } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { MetaPage } from './meta-page.js';

const prefix = 'flushed-';
const newline = 10;

/** What a node knows to be on the disk: the meta page of a state all of whose pages were flushed, and are kept. */
export interface FlushRecord {
  readonly node: string;
  readonly pid: number;
  /** The run of the operating system in which it was written. */
  readonly boot: string;
  readonly meta: MetaPage;
}

/** Replaces the node's record, wholly or not at all, and returns when it is on the disk. */
export function writeRecord(path: string, { node, pid, boot, meta }: FlushRecord): void {
  const partial = join(path, `partial-${node}`);
  const sha256 = createHash('sha256').update(meta.bytes).digest('hex');
  const file = openSync(partial, 'w', 0o600);
  try {
    writeSync(file, Buffer.concat([Buffer.from(`${JSON.stringify({ pid, boot, sha256 })}\n`), meta.bytes]));
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(partial, join(path, prefix + node));
  syncDirectory(path);
}

export function removeRecord(path: string, node: string): void {
  rmSync(join(path, prefix + node), { force: true });
  rmSync(join(path, `partial-${node}`), { force: true });
}

/** All whole records. Whatever else is called like one was never finished. */
export function readRecords(path: string): readonly FlushRecord[] {
  const names = readdirSync(path).filter((name) => name.startsWith(prefix));
  return names.map((name) => readRecord(path, name)).filter((record) => record !== undefined);
}

function readRecord(path: string, name: string): FlushRecord | undefined {
  try {
    const bytes = readFileSync(join(path, name));
    const end = bytes.indexOf(newline);
    const { pid, boot, sha256 }: Record<string, unknown> = JSON.parse(bytes.toString('utf8', 0, end));
    const page = bytes.subarray(end + 1);
    if (typeof pid !== 'number' || typeof boot !== 'string') return undefined;
    if (sha256 !== createHash('sha256').update(page).digest('hex')) return undefined;
    return { node: name.slice(prefix.length), pid, boot, meta: new MetaPage(page) };
  } catch {
    return undefined;
  }
}

/** Makes names in it durable. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
