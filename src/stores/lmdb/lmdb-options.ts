import { resolve } from 'node:path';
import { invalidArgument } from '../../errors/session-error.js';

/** Where the sessions are kept, and how. All processes that open one directory must use the same. */
export interface LmdbStoreOptions {
  /** The directory of the environment. It is made if it is missing, for this user alone. On a local disk, never on a network's. */
  readonly path: string;
  /**
   * `commit`: whatever was acknowledged is on the disk, and outlives the machine's power. `interval`: it is with the
   * operating system, and outlives this process and all others; it is on the disk at most `flushInterval` later.
   * Default `commit`.
   */
  readonly durability?: 'commit' | 'interval';
  /** For `interval`: milliseconds from one flush to the next, from 10 to 60 000. Default 1 000. */
  readonly flushInterval?: number;
  /**
   * Bytes that the sessions may take, at least 1 048 576. When they do, what takes more room is refused with
   * `STORE_UNAVAILABLE` until some of them end. Default: as much as the disk gives.
   */
  readonly mapSize?: number;
  /**
   * Milliseconds from one look to the next for what unrelated processes have done, from 10 to 60 000: workers of a
   * cluster whose primary calls `setupPrimary`, and threads, tell each other at once. Default 250.
   */
  readonly lookInterval?: number;
  /** Milliseconds after which an operation that got no answer fails, from 100 to 600 000. Default 10 000. */
  readonly patience?: number;
}

export interface CheckedOptions {
  readonly path: string;
  readonly durability: 'commit' | 'interval';
  readonly flushInterval: number;
  readonly mapSize: number | undefined;
  readonly lookInterval: number;
  readonly patience: number;
}

const known: ReadonlySet<string> = new Set<keyof LmdbStoreOptions>([
  'path',
  'durability',
  'flushInterval',
  'mapSize',
  'lookInterval',
  'patience',
]);

/** @throws SessionError `INVALID_ARGUMENT` */
export function checkOptions(options: LmdbStoreOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('options', 'must be an object with a path', options);
  }
  for (const name of Object.keys(options)) {
    if (!known.has(name)) throw invalidArgument(name, 'is not an option of the LMDB store', name);
  }
  const {
    path,
    durability = 'commit',
    flushInterval = 1_000,
    mapSize,
    lookInterval = 250,
    patience = 10_000,
  } = options;
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw invalidArgument('path', 'must be the path of a directory', path);
  }
  if (durability !== 'commit' && durability !== 'interval') {
    throw invalidArgument('durability', 'must be one of commit, interval', durability);
  }
  return {
    path: resolve(path),
    durability,
    flushInterval: requireWhole('flushInterval', flushInterval, 10, 60_000),
    mapSize: mapSize === undefined ? undefined : requireWhole('mapSize', mapSize, 1_048_576, Number.MAX_SAFE_INTEGER),
    lookInterval: requireWhole('lookInterval', lookInterval, 10, 60_000),
    patience: requireWhole('patience', patience, 100, 600_000),
  };
}

function requireWhole(name: string, value: unknown, least: number, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw invalidArgument(name, `must be a whole number from ${least} to ${most}`, value);
}
