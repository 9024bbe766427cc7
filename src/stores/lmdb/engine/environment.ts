import { chmodSync, mkdirSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';
import type { EngineSettings } from '../wire.js';
import { inspectDataFile } from './data-file.js';
import { explain } from './faults.js';
import { Tables, tableCount } from './tables.js';

/** Flags of `transactionSync`: can be aborted, commits before it returns, and flushes outside of the write lock. */
const abortable = 0x01;
const synchronous = 0x02;
const noSyncFlush = 0x10000;
const transactionFlags = abortable | synchronous | noSyncFlush;

/** Readers at a time: each node is one, or two while it walks. */
const maxReaders = 510;
/** Of bytes an environment may take, held back so that sessions can be renewed and ended when it is full. */
const reserve = 262_144;

/** One LMDB environment, opened by this thread. */
export class Environment {
  readonly tables: Tables;
  readonly #root: RootDatabase<unknown, string>;
  readonly #mostBytes: number;

  /** @throws Error that says what to do */
  constructor({ path, mapSize }: EngineSettings) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      inspectDataFile(path);
      const root = openRoot(path);
      this.#root = root;
      // All in one transaction: each of its own would wait for the disk.
      this.tables = root.transactionSync(() => new Tables(root), transactionFlags);
      restrictAccess(path);
    } catch (error) {
      throw new Error(explain(error, path), { cause: error });
    }
    this.#mostBytes = mapSize ?? Number.POSITIVE_INFINITY;
  }

  /** Runs to its end and commits, or changes nothing and throws. */
  transact<Result>(work: () => Result): Result {
    return this.#root.transactionSync(work, transactionFlags);
  }

  /** What is read until the next turn of the event loop is of one moment. */
  refresh(): void {
    this.#root.resetReadTxn();
  }

  /** Whether its rows take as much as they may. */
  get isFull(): boolean {
    if (this.#mostBytes === Number.POSITIVE_INFINITY) return false;
    let bytes = reserve;
    for (const table of Object.values(this.tables)) bytes += bytesOf(table.getStats());
    return bytes >= this.#mostBytes;
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}

function openRoot(path: string): RootDatabase<unknown, string> {
  return open<unknown, string>({
    path,
    noSubdir: false,
    maxDbs: tableCount + 1,
    maxReaders,
    ...{ permissionsMode: 0o600 },
  });
}

/** Whatever the process' mask let through. */
function restrictAccess(path: string): void {
  for (const file of ['data.mdb', 'lock.mdb']) chmodSync(`${path}/${file}`, 0o600);
}

interface TableStats {
  readonly pageSize: number;
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

function bytesOf(stats: unknown): number {
  const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } = stats as TableStats;
  return pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages);
}
