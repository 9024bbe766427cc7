import { hostname } from 'node:os';
import { SessionError } from '../errors/session-error.js';
import { readMeasures } from '../metrics/read-measures.js';
import { runtimeOf } from '../service/app-service.js';
import type { SessionManager } from '../service/session-manager.js';

/** What became of the messages that went through a node since it started. */
export interface MessageFigures {
  /** Counted in mailboxes that keep the message. */
  readonly pushed: number;
  /** Pushes that a full mailbox dropped or refused, and older messages that were dropped to make room. */
  readonly dropped: number;
  readonly delivered: number;
  /**
   * How long messages took to clients that waited for them: how many fell between the bounds, in seconds; one more than there
   * are bounds, for what is above the last.
   */
  readonly latency: { readonly bounds: readonly number[]; readonly buckets: readonly number[] };
}

/** What one node says of itself. Counts are of all apps, since the node started. */
export interface NodeFigures {
  readonly host: string;
  readonly pid: number;
  /** How long the process has run, in milliseconds. */
  readonly uptime: number;
  /** Polls and streams held now. */
  readonly held: number;
  readonly isDraining: boolean;
  /** Resident memory of the process, in bytes. */
  readonly memory: number;
  /** How long the store took to answer a ping, in milliseconds; `undefined` if it could not be used. */
  readonly storeMs?: number;
  /** Why the store could not be used. */
  readonly storeFault?: string;
  /** As `sessions.counts` has them: by event, and by kind of those that have kinds. */
  readonly counts: Readonly<Record<string, number | Readonly<Record<string, number>>>>;
  readonly messages: MessageFigures;
}

/** The figures of this node, now. Never rejects: a store that can't be used is one of the figures. */
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

/** Events that have kinds are shown with all of them, also before the first. */
function countsOf(manager: SessionManager): NodeFigures['counts'] {
  const { counts } = manager;
  const kinds = ['closed', 'limit', 'overflow', 'refused'].map((event) => [event, counts.byKind(event)]);
  return { ...counts.toJSON(), ...Object.fromEntries(kinds) };
}
