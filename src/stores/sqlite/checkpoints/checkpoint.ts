import type { Database } from '../driver/database.js';

/**
 * `PASSIVE` copies what it can without keeping anyone waiting. `RESTART` holds the write lock while it copies the rest,
 * so that the log begins anew at its start; `TRUNCATE` also gives its space back.
 */
export type CheckpointMode = 'PASSIVE' | 'RESTART' | 'TRUNCATE';

export interface CheckpointResult {
  /** Another connection kept it from completing. */
  readonly isBusy: boolean;
  /** Frames that are in the log, and how many of them are in the database. A frame is a page. */
  readonly frames: number;
  readonly copied: number;
}

/** @throws SqliteFault */
export function checkpoint(database: Database, mode: CheckpointMode): CheckpointResult {
  const [busy, frames, copied] = database.prepare(`PRAGMA wal_checkpoint(${mode})`).get() ?? [];
  return { isBusy: busy !== 0, frames: Number(frames), copied: Number(copied) };
}
