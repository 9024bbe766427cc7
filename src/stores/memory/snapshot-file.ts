import { createHash } from 'node:crypto';
import { createReadStream, writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { SessionError } from '../../errors/session-error.js';
import { callback, checkOptions, nonEmptyText } from '../../validation/options.js';
import { findOwnershipFault } from '../file-ownership.js';
import { SnapshotLock } from './snapshot-lock.js';
import { isRefusedAccess, requireWritable, unusable } from './snapshot-place.js';
import { SnapshotProgress } from './snapshot-progress.js';

const format = 'session-mailbox snapshot';
const version = 2;
const chunkLength = 262_144;
const newline = 10;
/** Length of the trailer: `{"sha256":"`, 64 hexadecimal digits, `"}` and a newline. */
const trailerBytes = 78;

const timeSchema = v.object({
  /** Time on the clock of the store that wrote the snapshot. */
  now: v.number(),
  /** The same moment on the machine's steady clock. */
  machine: v.optional(v.object({ boot: v.number(), steady: v.number() })),
});
const headerSchema = v.object({
  format: v.literal(format),
  version: v.literal(version),
  records: v.number(),
  time: v.optional(timeSchema),
});
const trailerPattern = /^\{"sha256":"([0-9a-f]{64})"\}\n$/;

/** The time at which a snapshot was written. */
export type SnapshotTime = v.InferOutput<typeof timeSchema>;
type Header = v.InferOutput<typeof headerSchema>;

/** The file can't be restored. `message` says why, for the operator. */
export class SnapshotFault extends Error {}

/** Options for the snapshot of the memory store. */
export interface SnapshotOptions {
  /**
   * The path of the snapshot file. Its folder is created if it is missing, accessible to this user only. At the start,
   * the store refuses a file or folder that belongs to another user or that others can write to.
   */
  readonly path: string;
  /** Receives warnings. Default: `process.emitWarning`. */
  readonly warn?: (text: string) => void;
  /**
   * Receives a line of progress each second if writing or restoring takes longer. Default: prints to standard error.
   */
  readonly report?: (text: string) => void;
}

const known = {
  path: nonEmptyText('must be the path of a file'),
  warn: v.optional(callback<(text: string) => void>()),
  report: v.optional(callback<(text: string) => void>()),
};

/**
 * A file of records. It starts with a header, which has the format, the version, the number of records and the time.
 * Each record is a line of JSON. The trailer has the SHA-256 of everything before it. The file is written under another
 * name and then renamed, so that its path always has a complete file or none. It is read twice, so that nothing is
 * restored before the whole file is verified.
 */
export class SnapshotFile {
  readonly path: string;
  readonly warn: (text: string) => void;
  readonly #report: (text: string) => void;
  #lock: SnapshotLock | undefined;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: SnapshotOptions) {
    const { path, warn, report } = checkOptions({ front: 'memoryStore snapshot', known }, options);
    this.path = path;
    this.warn = warn ?? ((text) => process.emitWarning(text, 'SessionSnapshotWarning'));
    this.#report = report ?? showOnStandardError;
  }

  /** Finds the reason why the file must not be restored, if another user may have written it. */
  findOwnershipFault(): Promise<string | undefined> {
    return findOwnershipFault(this.path);
  }

  /**
   * Locks the file against other processes until `unlock`, or until this process ends. Without a lock, two processes
   * that write the file when they stop would overwrite each other's sessions. If no lock can be made (a file system
   * without sockets), it warns, and the file stays unlocked.
   * @throws SessionError `STORE_UNAVAILABLE` when another process has locked it, or no file can be written there
   */
  async lock(): Promise<void> {
    await requireWritable(this.path);
    try {
      this.#lock = await SnapshotLock.acquire(this.path);
    } catch (error) {
      if (SessionError.is(error)) throw error;
      this.warn(`The session snapshot ${this.path} can't be locked, make sure that only one process uses it: ${error}`);
    }
  }

  async unlock(): Promise<void> {
    await this.#lock?.release();
    this.#lock = undefined;
  }

  /** Pulls the records one by one while it writes them, so that they are never in memory all at the same time. */
  async write(records: Iterable<unknown>, count: number, time: SnapshotTime): Promise<void> {
    const partial = `${this.path}.partial`;
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    await rm(partial, { force: true });
    const file = await open(partial, 'wx', 0o600);
    try {
      await this.#writeAll(file, records, count, time);
      await file.sync();
    } catch (error) {
      // On a full disk, the unfinished file would keep the disk full until the next stop.
      await rm(partial, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await rename(partial, this.path);
    await this.#syncFolder();
  }

  /**
   * Passes every record to `accept`, in the order in which they were written.
   * @returns the header, or `undefined` if there is no snapshot
   * @throws SnapshotFault when the file is not a complete snapshot of this version
   * @throws SessionError `STORE_UNAVAILABLE` when it can't be read, or is no file
   */
  async read(accept: (record: unknown) => void): Promise<Header | undefined> {
    try {
      const status = await stat(this.path);
      // Do not set it aside: that would rename a folder of the operator, or a device.
      if (!status.isFile()) throw unusable(this.path, status.isDirectory() ? 'it is a folder' : 'it is no file');
      await this.#verify(status.size);
      return await this.#readAll(status.size, accept);
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (error instanceof SnapshotFault || SessionError.is(error)) throw error;
      if (isRefusedAccess(error)) throw unusable(this.path, error);
      throw new SnapshotFault(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  /** Removes a restored snapshot: restoring it again after a crash would revive sessions closed since then. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await this.#syncFolder();
  }

  /** Renames an unusable file, so that the operator can look at it. @returns its new path */
  async setAside(): Promise<string> {
    const aside = `${this.path}.damaged-${new Date().toISOString().replaceAll(':', '-')}`;
    await rename(this.path, aside);
    return aside;
  }

  /**
   * Makes the rename or the removal durable. Some systems can't do so, nor a user who may not read the folder. That must
   * not fail the start: the restored sessions are no longer in any file, and would be lost.
   */
  async #syncFolder(): Promise<void> {
    try {
      await syncFolder(dirname(this.path));
    } catch (error) {
      const effect = 'a crash of the machine may undo the latest change of the file';
      this.warn(`The folder of the session snapshot ${this.path} can't be synced, ${effect}: ${error}`);
    }
  }

  async #writeAll(file: FileHandle, records: Iterable<unknown>, count: number, time: SnapshotTime): Promise<void> {
    const progress = new SnapshotProgress('Writing the session snapshot', count, this.#report);
    const checksum = createHash('sha256');
    let chunk = `${JSON.stringify({ format, version, records: count, time })}\n`;
    let written = 0;
    for (const record of records) {
      chunk += `${JSON.stringify(record)}\n`;
      written += 1;
      if (chunk.length < chunkLength) continue;
      checksum.update(chunk);
      await file.appendFile(chunk);
      chunk = '';
      progress.advanceTo(written);
    }
    checksum.update(chunk);
    await file.appendFile(`${chunk}{"sha256":"${checksum.digest('hex')}"}\n`);
    progress.finish(written);
  }

  async #verify(size: number): Promise<void> {
    if (size <= trailerBytes) throw new SnapshotFault('it is cut short');
    const checksum = createHash('sha256');
    for await (const chunk of createReadStream(this.path, { end: size - trailerBytes - 1 })) checksum.update(chunk);
    let trailer = '';
    for await (const chunk of createReadStream(this.path, { start: size - trailerBytes })) trailer += chunk;
    const expected = trailerPattern.exec(trailer)?.[1];
    if (expected === undefined) throw new SnapshotFault('it is cut short, or it is no snapshot');
    if (expected !== checksum.digest('hex')) throw new SnapshotFault('its checksum does not match its content');
  }

  async #readAll(size: number, accept: (record: unknown) => void): Promise<Header | undefined> {
    let header: Header | undefined;
    let progress: SnapshotProgress | undefined;
    let count = 0;
    for await (const line of readLines(this.path, size - trailerBytes)) {
      if (progress === undefined) {
        header = parseHeader(line);
        progress = new SnapshotProgress('Restoring the session snapshot', header.records, this.#report);
        continue;
      }
      accept(JSON.parse(line));
      count += 1;
      progress.advanceTo(count);
    }
    if (count !== progress?.total) throw new SnapshotFault(`it holds ${count} of ${progress?.total} records`);
    progress.finish(count);
    return header;
  }
}

/**
 * Does not use `process.stderr`: if its other end is closed, it emits an error that ends the process, before the file is
 * complete.
 */
function showOnStandardError(text: string): void {
  try {
    writeSync(2, `${text}\n`);
  } catch {
    // The progress can't be shown. The work goes on.
  }
}

function parseHeader(line: string): Header {
  const header = v.safeParse(headerSchema, JSON.parse(line));
  if (!header.success) throw new SnapshotFault(`its header is not of version ${version}: ${line.slice(0, 120)}`);
  return header.output;
}

/**
 * Yields the lines of the first `length` bytes. node:readline would also end lines at U+2028 and U+2029, which may
 * occur unescaped in JSON.
 */
async function* readLines(path: string, length: number): AsyncGenerator<string, void> {
  let pieces: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: length - 1, highWaterMark: chunkLength })) {
    const bytes: Buffer = chunk;
    let start = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      pieces.push(bytes.subarray(start, end));
      yield Buffer.concat(pieces).toString();
      pieces = [];
      start = end + 1;
    }
    if (start < bytes.length) pieces.push(bytes.subarray(start));
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
