import type { ContainerModuleLoadOptions } from 'inversify';
import { SessionStore } from '../../store/session-store.js';
import { MemoryStore } from './memory-store.js';
import { SnapshotFile, type SnapshotOptions } from './snapshot-file.js';

export interface MemoryStoreOptions {
  /** Keep the sessions in this file from a stop to the next start. Without it they end with the process. */
  readonly snapshot?: SnapshotOptions;
}

/** Sessions in the memory of one process. The second argument of `sessionModule`, and its default. */
export function memoryStore({ snapshot }: MemoryStoreOptions = {}): (options: ContainerModuleLoadOptions) => void {
  return (options) => {
    if (snapshot !== undefined) options.bind(SnapshotFile).toConstantValue(new SnapshotFile(snapshot));
    options.bind(SessionStore).to(MemoryStore).inSingletonScope();
  };
}
