import type { Fault, World } from '../faults.js';
import { steadyNow } from '../steady.js';

export interface FilesOfStore {
  /** Resolves when nothing has the files open. */
  stop(world: World): Promise<void>;
  copyAway(): Promise<void>;
  putBack(): Promise<void>;
  start(world: World): Promise<void>;
  /** Whether readers are told `reset` whatever they have; else only those that have more than the copy. */
  readonly tellsAll: boolean;
}

/** Takes a copy of the files while nothing has them open, and puts it back some time later. */
export function olderFiles(files: FilesOfStore): Fault {
  let copiedAt: number | undefined;
  return {
    name: 'restart from older files',
    commit: async (world) => {
      const { mailboxes, changes } = world;
      const copied = copiedAt;
      // Who has no more than the copy can't see that it was put back: docs/sqlite.md says so.
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
