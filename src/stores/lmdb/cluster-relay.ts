import cluster, { type Worker } from 'node:cluster';
import type { Ring } from './wire.js';

/** The one member of every message that is sent here: applications have messages of their own on the same way. */
const mark = 'session-mailbox:ring';

interface RingMessage {
  readonly [mark]: readonly Ring[];
}

export function ringMessage(rings: readonly Ring[]): RingMessage {
  return { [mark]: rings };
}

/** The rings in a message; none in one of the application's. */
export function readRing(message: unknown): readonly Ring[] {
  if (typeof message !== 'object' || message === null || !(mark in message)) return [];
  const rings = message[mark];
  return Array.isArray(rings) ? rings.filter(isRing) : [];
}

function isRing(value: unknown): value is Ring {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number';
}

/** Rings at nodes of other processes of the cluster, as far as there is a way. */
export function passOn(rings: readonly Ring[]): void {
  if (!cluster.isPrimary) {
    // A thread of a worker has no way to the primary.
    if (process.connected) process.send?.(ringMessage(rings), undefined, undefined, ignore);
    return;
  }
  for (const worker of Object.values(cluster.workers ?? {})) {
    const own = worker === undefined ? [] : rings.filter(([, pid]) => pid === worker.process.pid);
    if (worker?.isConnected() === true && own.length > 0) worker.send(ringMessage(own), ignore);
  }
}

/** A worker that has just gone needs no ring. */
function ignore(): void {}

let isSetUp = false;
/** The primary may have stores of its own. */
export const ownNodes = new Set<(rings: readonly Ring[]) => void>();

function relay(_worker: Worker, message: unknown): void {
  const rings = readRing(message);
  if (rings.length === 0) return;
  passOn(rings);
  for (const hear of ownNodes) hear(rings);
}

/**
 * To be called once in the primary of a cluster: from then on it passes on what workers with LMDB stores have to tell
 * each other, so that a push in one worker answers the poll that another holds at once. Messages of the application's
 * own are left alone.
 *
 * @returns ends it
 */
export function setupPrimary(): () => void {
  if (!isSetUp) cluster.on('message', relay);
  isSetUp = true;
  return () => {
    cluster.off('message', relay);
    isSetUp = false;
  };
}
