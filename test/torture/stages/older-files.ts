import type { Fault, World } from '../faults.js';
import { steadyNow } from '../steady.js';

export interface FilesOfStore {
  /** Resolves when no process has the files open. */
  stop(world: World): Promise<void>;
  copyAway(): Promise<void>;
  putBack(): Promise<void>;
  start(world: World): Promise<void>;
  /** Whether all readers receive `reset`; otherwise only those that have more messages than the copy. */
  readonly tellsAll: boolean;
}

/** Returns a fault that copies the files while no process has them open, and puts the copy back some time later. */
export function olderFiles(files: FilesOfStore): Fault {
  let copiedAt: number | undefined;
  return {
    name: 'restart from older files',
    commit: async (world) => {
      const { mailboxes, changes } = world;
      const copied = copiedAt;
      // A client that has no more than the copy can not see that it was put back, as docs/sqlite.md says.
      if (copied !== undefined && !files.tellsAll && !mailboxes.every((each) => each.hasSince(copied))) return false;
      await files.stop(world);
      if (copied === undefined) {
        copiedAt = steadyNow();
        await files.copyAway();
      } else {
        copiedAt = undefined;
        await files.putBack();
        changes.wentBack(copied, steadyNow());
      }
      await files.start(world);
      return copied !== undefined;
    },
  };
}
