import type { ContainerModuleLoadOptions } from 'inversify';
import * as v from 'valibot';
import { SessionStore } from '../../store/session-store.js';
import { checkOptions } from '../../validation/options.js';
import { MemoryStore } from './memory-store.js';
import { SnapshotFile, type SnapshotOptions } from './snapshot-file.js';

/** Options of `memoryStore`. */
export interface MemoryStoreOptions {
  /** File that keeps the sessions from a stop to the next start. Without it they end with the process. */
  readonly snapshot?: SnapshotOptions;
}

const known = {
  // SnapshotFile checks the members.
  snapshot: v.optional(
    v.custom<SnapshotOptions>((value) => typeof value === 'object', 'must be an object with a path'),
  ),
};

/**
 * Sessions in the memory of one process. The second argument of `sessionModule`, and its default.
 * @throws SessionError `INVALID_CONTEXT`
 */
export function memoryStore(options: MemoryStoreOptions = {}): (options: ContainerModuleLoadOptions) => void {
  const { snapshot } = checkOptions({ front: 'memoryStore', known }, options);
  const file = snapshot === undefined ? undefined : new SnapshotFile(snapshot);
  return ({ bind }) => {
    if (file !== undefined) bind(SnapshotFile).toConstantValue(file);
    bind(SessionStore).to(MemoryStore).inSingletonScope();
  };
}
