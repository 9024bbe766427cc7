import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Cursor } from '../../../../src/index.js';
import { SessionContext, SessionError } from '../../../../src/index.js';
import { noListener } from '../../../../src/store/no-listener.js';
import { SqliteStore } from '../../../../src/stores/sqlite/index.js';
import { randomNumbers } from '../storm-size.js';

/**
 * Damages copies of a write-ahead log that killed processes left, opens each copy, and reports what is wrong. A separate
 * program, so that a crash of native code, or an endless loop, is visible.
 *
 * Arguments: the path of the database, the file of the clients (JSON), the number of copies, the seed.
 */

/** A client of one session, and what was acknowledged to it and to the session's sender. */
export interface Client {
  readonly id: string;
  /** The texts of the messages, in the order of their offsets. */
  readonly pushed: string[];
  /** The size of the log after each acknowledgement: the first is that of the login, the others are those of `pushed`. */
  readonly logSizes: number[];
  cursor: Cursor | undefined;
}

export interface LogDamageReport {
  /** Number of copies that were refused, or with which a call failed. */
  readonly refused: number;
  /** Number of copies in which a client was ahead of the log, and was told so. */
  readonly told: number;
  readonly wrong: readonly string[];
}

const [, , path = '', clientsFile = '', copies = '0', seed = '0'] = process.argv;
const next = randomNumbers(Number(seed));
const clients: readonly Client[] = JSON.parse(readFileSync(clientsFile, 'utf8'));
const anything = { reader: 'client', limit: 1_000, wait: 0, ticket: 1 } as const;

/** Damages the bytes. @returns them, and the place up to which they are intact */
function damaged(bytes: Buffer): { readonly bytes: Buffer; readonly intact: number } {
  const kind = next(5);
  // Often in the header of the log, or of a frame.
  const at = kind === 4 ? next(32) : next(bytes.length);
  if (kind === 0) return { bytes: bytes.subarray(0, at), intact: at };
  const length = kind === 1 || kind === 4 ? 1 : kind === 2 ? 1 + next(64) : 512;
  for (let each = at; each < Math.min(at + length, bytes.length); each += 1) {
    const byte = bytes[each] ?? 0;
    bytes[each] = kind === 3 ? 0 : kind === 2 ? next(256) : byte ^ (1 << next(8));
  }
  return { bytes, intact: at };
}

/** Returns what is wrong with the answer to the client, and whether it was told that it is ahead. */
async function check(store: SqliteStore, client: Client, intact: number): Promise<string | 'told' | undefined> {
  const { id, pushed, logSizes, cursor } = client;
  const kept = logSizes.filter((size) => size <= intact).length - 1;
  try {
    const request = { ...anything, after: cursor ?? '', secretHash: undefined, generation: undefined } as const;
    const { messages, offset, lost, reset } = await store.read('default', id, request);
    for (const message of messages) {
      if (message.json !== pushed[message.offset - 1]) return `${id}: ${message.json} at ${message.offset}`;
    }
    if (offset < kept) return `${id}: ${offset} messages instead of ${kept}`;
    if (lost > 0 && !reset) return `${id}: ${lost} lost`;
    const isAhead = cursor !== undefined && cursor.offset > offset;
    if (isAhead && !reset) return `${id}: the client at ${cursor.offset} was not told of the end at ${offset}`;
    return isAhead ? 'told' : undefined;
  } catch (error) {
    if (SessionError.is(error, 'SESSION_UNKNOWN')) return kept < 0 ? 'told' : `${id}: is unknown`;
    throw error;
  }
}

async function run(): Promise<LogDamageReport> {
  let [refused, told] = [0, 0];
  const wrong: string[] = [];
  for (let each = 0; each < Number(copies); each += 1) {
    const copy = `${path}.copy`;
    for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
    copyFileSync(path, copy);
    const { bytes, intact } = damaged(readFileSync(`${path}-wal`));
    writeFileSync(`${copy}-wal`, bytes, { mode: 0o600 });
    const store = new SqliteStore(new SessionContext({ maxSession: 0 }), { path: copy, lockTimeout: 1_000 });
    try {
      await store.open(noListener);
      const found = new Set<string | undefined>();
      for (const client of clients) found.add(await check(store, client, intact));
      if (found.delete('told')) told += 1;
      found.delete(undefined);
      for (const fault of found) wrong.push(`copy ${each}, damaged at ${intact}: ${fault}`);
    } catch {
      refused += 1;
    } finally {
      await store.close();
    }
  }
  return { refused, told, wrong };
}

process.send?.(await run());
process.disconnect();
