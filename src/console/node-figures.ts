import { hostname } from 'node:os';
import { SessionError } from '../errors/session-error.js';
import { readMeasures } from '../metrics/read-measures.js';
import { runtimeOf } from '../service/app-service.js';
import type { SessionManager } from '../service/session-manager.js';

/** Counts of the messages that a node has handled since it started. */
export interface MessageFigures {
  /** Accepted messages, counted once for each mailbox. */
  readonly pushed: number;
  /** Messages that a full mailbox dropped or refused, and older messages that were dropped to make room. */
  readonly dropped: number;
  readonly delivered: number;
  /**
   * Histogram of the delivery time of messages to clients that waited for them. `bounds` are the upper bounds in seconds.
   * `buckets` has the number of messages for each bound, and one more number for the messages above the last bound.
   */
  readonly latency: { readonly bounds: readonly number[]; readonly buckets: readonly number[] };
}

/** The report of one node about itself. Its counts include all apps, since the node started. */
export interface NodeFigures {
  readonly host: string;
  readonly pid: number;
  /** Milliseconds since the process started. */
  readonly uptime: number;
  /** Polls and streams held now. */
  readonly held: number;
  readonly isDraining: boolean;
  /** Resident memory of the process, in bytes. */
  readonly memory: number;
  /** Milliseconds that the store took to answer a ping; absent if the store could not be used. */
  readonly storeMs?: number;
  /** Why the store could not be used. */
  readonly storeFault?: string;
  /** The counts of `manager.counts`: by event, and also by kind for events that have kinds. */
  readonly counts: Readonly<Record<string, number | Readonly<Record<string, number>>>>;
  readonly messages: MessageFigures;
}

/** Returns the current figures of this node. Never rejects: a fault of the store is one of the figures. */
export async function ownFigures(manager: SessionManager): Promise<NodeFigures> {
  const { room, isDraining } = runtimeOf(manager);
  const store = await storeHealth(manager);
  return {
    host: hostname(),
    pid: process.pid,
    uptime: Math.round(process.uptime() * 1_000),
    held: room.held,
    isDraining,
    memory: process.memoryUsage.rss(),
    counts: countsOf(manager),
    messages: messagesOf(manager),
    ...store,
  };
}

async function storeHealth(manager: SessionManager): Promise<Pick<NodeFigures, 'storeMs' | 'storeFault'>> {
  const startedAt = performance.now();
  try {
    await manager.ping();
    return { storeMs: Math.round((performance.now() - startedAt) * 100) / 100 };
  } catch (error) {
    return { storeFault: SessionError.is(error) ? error.message : 'The store can’t be used' };
  }
}

function messagesOf(manager: SessionManager): MessageFigures {
  const { pushed, displaced, delivered, latency } = readMeasures(manager).messages;
  const { bounds = [], buckets = [] } = latency.woken ?? {};
  return {
    pushed: pushed.accepted ?? 0,
    dropped: (pushed.dropped ?? 0) + (pushed.refused ?? 0) + displaced,
    delivered: Object.values(delivered).reduce((total, count) => total + count, 0),
    latency: { bounds, buckets },
  };
}

/** Returns the counts by event. An event that has kinds is listed with all its kinds, even before it first occurs. */
function countsOf(manager: SessionManager): NodeFigures['counts'] {
  const { counts } = manager;
  const kinds = ['closed', 'limit', 'overflow', 'refused'].map((event) => [event, counts.byKind(event)]);
  return { ...counts.toJSON(), ...Object.fromEntries(kinds) };
}
