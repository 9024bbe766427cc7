import type { Database } from '../driver/database.js';

/**
 * `PASSIVE` copies what it can without making other connections wait. `RESTART` holds the write lock while it copies
 * the rest, so that the next write goes to the start of the log again. `TRUNCATE` also gives the space of the log back.
 */
export type CheckpointMode = 'PASSIVE' | 'RESTART' | 'TRUNCATE';

export interface CheckpointResult {
  /** Whether another connection kept the checkpoint from completing. */
  readonly isBusy: boolean;
  /** Number of frames in the log, and number of them that have been copied to the database. A frame is a page. */
  readonly frames: number;
  readonly copied: number;
}

/** @throws SqliteFault */
export function checkpoint(database: Database, mode: CheckpointMode): CheckpointResult {
  const [busy, frames, copied] = database.prepare(`PRAGMA wal_checkpoint(${mode})`).get() ?? [];
  return { isBusy: busy !== 0, frames: Number(frames), copied: Number(copied) };
}
