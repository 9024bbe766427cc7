import { join } from 'node:path';
import type { ServedOptions } from '../../stores/nodes/hosted-store.js';
import type { Fault } from '../faults.js';
import { between } from '../random.js';
import { pause, steadyNow } from '../steady.js';
import { copyFiles, Disk } from './disk.js';
import { olderFiles } from './older-files.js';
import type { Stage } from './stage.js';

/** Maximum time until the next sweep, even after a pause and on a busy machine. */
const sweepMs = 8_000;

/** Prepares stores whose nodes keep files in one folder. */
async function fileStage(
  folder: string,
  storesIn: (folder: string) => readonly ServedOptions[],
  begin: Stage['begin'],
  full: (disk: Disk) => Fault['commit'],
): Promise<Stage> {
  const disk = await Disk.make(join(folder, 'disk'));
  const copy = join(folder, 'copy');
  const older = olderFiles({
    // A clean stop, because the disk has no room for the copy, and a memory store writes its file only then.
    stop: ({ fleet }) => fleet.stopAll('SIGTERM'),
    copyAway: () => copyFiles(disk.folder, copy),
    putBack: () => copyFiles(copy, disk.folder),
    start: ({ fleet }) => fleet.startAll(),
    tellsAll: false,
  });
  const fullDisk: Fault = {
    name: 'full disk',
    commit: async (world) => {
      await disk.fill();
      try {
        await full(disk)(world);
      } finally {
        await disk.relieve();
      }
    },
  };
  return {
    stores: storesIn(disk.folder),
    links: [],
    sharesClock: true,
    faults: disk.isSmall ? [older, fullDisk] : [older],
    begin,
    settle: async () => {},
    stop: () => disk.unmount(),
  };
}

/** Prepares one node. Its sessions are in a snapshot between a clean stop and the next start. */
export function memoryStage(folder: string): Promise<Stage> {
  return fileStage(
    folder,
    (disk) => [{ memory: { snapshot: { path: join(disk, 'snapshot') } } }],
    ({ fleet, changes }) => {
      fleet.onDeath = () => changes.emptied(steadyNow());
      // The snapshot omits sessions that expire at the stop or the start. Some due earlier may not be swept yet.
      fleet.onReturn = (stoppedAt) => changes.silent(stoppedAt - sweepMs, steadyNow() + sweepMs);
    },
    (disk) =>
      async ({ fleet }) => {
        await fleet.stopAll('SIGTERM');
        await disk.relieve();
        await fleet.startAll();
      },
  );
}

/** @param nodes number of processes that share the file */
export function sqliteStage(folder: string, nodes: number): Promise<Stage> {
  return fileStage(
    folder,
    (disk) => Array.from({ length: nodes }, () => ({ path: join(disk, 'sessions.db') })),
    () => {},
    () =>
      ({ random }) =>
        pause(between(500, 2_000, random)),
  );
}
