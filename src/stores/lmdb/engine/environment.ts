import { mkdirSync } from 'node:fs';
import { open, type RootDatabase } from 'lmdb';
import type { EngineSettings } from '../wire.js';
import { bootId } from './boot-id.js';
import { inspectDataFile } from './data-file.js';
import { explain } from './faults.js';
import { Flushing, flushForGone } from './flushing.js';
import { restoreFlushed } from './restoration.js';
import { Tables, tableCount } from './tables.js';

/** Flags of `transactionSync`: can be aborted, and is committed and flushed before it returns. */
const abortable = 0x01;
const synchronous = 0x02;
const transactionFlags = abortable | synchronous;

/** Readers at a time: each node is one, or two while it walks. */
const maxReaders = 510;
/** Of bytes an environment may take, held back so that sessions can be renewed and ended when it is full. */
const reserve = 262_144;

/** One LMDB environment, opened by this thread. */
export class Environment {
  readonly tables: Tables;
  readonly #root: RootDatabase<unknown, string>;
  readonly #path: string;
  readonly #mostBytes: number;
  readonly #flushing: Flushing | undefined;

  /** @throws Error that says what to do */
  constructor({ path, mapSize, durability, node }: EngineSettings, boot: string = bootId()) {
    this.#path = path;
    let root: RootDatabase<unknown, string> | undefined;
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      restoreFlushed(path, boot);
      inspectDataFile(path);
      root = openRoot(path, durability);
      const opened = root;
      this.#root = root;
      // All in one transaction: each of its own would wait for the disk.
      this.tables = this.transact(() => new Tables(opened));
      const transact = <Result>(work: () => Result) => this.transact(work);
      this.#flushing = durability === 'interval' ? new Flushing(root, path, node, boot, transact) : undefined;
    } catch (error) {
      void root?.close();
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

  /**
   * Readers of processes that were killed keep every later state in the file, which would grow and grow.
   * @returns how many there were
   */
  dropDeadReaders(): number {
    return this.#root.readerCheck();
  }

  /** Whether its rows take as much as they may. */
  get isFull(): boolean {
    if (this.#mostBytes === Number.POSITIVE_INFINITY) return false;
    let bytes = reserve;
    for (const table of Object.values(this.tables)) bytes += bytesOf(table.getStats());
    return bytes >= this.#mostBytes;
  }

  /** Resolves when everything committed before is on the disk, whoever committed it. */
  async flush(): Promise<void> {
    if (this.#flushing === undefined) flushForGone(this.#path);
    else await this.#flushing.flush();
  }

  async close(): Promise<void> {
    try {
      await this.#flushing?.close();
    } finally {
      await this.#root.close();
    }
  }
}

function openRoot(path: string, durability: EngineSettings['durability']): RootDatabase<unknown, string> {
  return open<unknown, string>({
    path,
    noSubdir: false,
    maxDbs: tableCount + 1,
    maxReaders,
    // To flush outside of the write lock, as the library would by itself, is a tenth faster. But several processes that
    // do so make it trip over its list of free pages now and then ("mdb_page_alloc error"), which ends a transaction.
    overlappingSync: false,
    noSync: durability === 'interval',
    // Its types leave it out.
    ...{ permissionsMode: 0o600 },
  });
}

/** What `getStats` gives, of which the library's types say nothing; that of LMDB itself, unchanged for years. */
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
