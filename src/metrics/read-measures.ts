import type { DistributionReading } from '../measures/distribution.js';
import { runtimeOf } from '../service/app-service.js';
import type { SessionManager } from '../service/session-manager.js';

type Counts = Readonly<Record<string, number>>;
type Distributions = Readonly<Record<string, DistributionReading>>;

/** The work of this node since it started, for all apps. Counts only grow, so that two readings give a rate. */
export interface MeasuresReading {
  /** Time of the reading, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** Whether the node holds no more polls, because it is stopping. */
  readonly isDraining: boolean;
  readonly sessions: {
    /** Logins. */
    readonly created: number;
    readonly renewed: number;
    readonly rotated: number;
    readonly replaced: number;
    /** Sessions that turned `online` or `away`. */
    readonly online: number;
    readonly away: number;
    /** By close reason. */
    readonly closed: Counts;
    /** Logins of accounts at their limit, by verdict. */
    readonly limits: Counts;
    /** Requests whose bearer was refused, by kind. */
    readonly refused: Counts;
  };
  readonly polls: {
    /** Polls held now. */
    readonly held: number;
    readonly arrived: number;
    /** By ending: `messages`, `quiet`, `retry`, `superseded`, `closed`, `failed`, `hung-up`. */
    readonly ended: Counts;
  };
  readonly streams: {
    readonly held: number;
    readonly arrived: number;
    readonly ended: Counts;
  };
  /** Polls and streams sent away without a read: their session had too many, or this node could not hold a stream. */
  readonly turnedAway: number;
  /** Parked polls and streams that were woken: by their next `message`, or to `read` their mailbox again. */
  readonly wakeUps: Counts;
  /** Polls of servers with a fast lane, by the side that received them: `lane`, `node-http`. */
  readonly lanePolls: Counts;
  readonly messages: {
    /** Counted in mailboxes, by outcome: `accepted`, `dropped`, `refused`. */
    readonly pushed: Counts;
    /** Bytes of accepted messages, once for each mailbox. */
    readonly pushedBytes: number;
    /** Pushes to full mailboxes, by verdict. `accepted` pushes dropped older messages. */
    readonly overflows: Counts;
    /** Older messages that were dropped to make room. */
    readonly displaced: number;
    /** By transport: `poll`, `stream`. */
    readonly delivered: Counts;
    readonly deliveredBytes: Counts;
    /** Messages that batches reported as lost. */
    readonly lost: number;
    /** Batches that reported a reset. */
    readonly resets: number;
    /** Seconds from acceptance to hand-over to the front, by way: `woken`, `read`. Resolution: one millisecond. */
    readonly latency: Distributions;
  };
  readonly broadcasts: {
    /** Broadcasts running now. */
    readonly running: number;
    readonly begun: number;
    readonly chunks: number;
    readonly mailboxes: number;
  };
  readonly sweeps: {
    /** Duration of a round in seconds, by kind: `gc`, `presence`. */
    readonly duration: Distributions;
    /** Sessions reclaimed (`gc`) or turned `away` (`presence`). */
    readonly sessions: Counts;
  };
  /** By operation. All zero until `observeStore` is called. */
  readonly store: {
    /** Duration of the calls, in seconds. */
    readonly latency: Distributions;
    readonly errors: Counts;
  };
}

/** Reads the counts of this node from memory. Does not call the store, and takes microseconds. */
export function readMeasures(manager: SessionManager): MeasuresReading {
  const { events, room, isDraining } = runtimeOf(manager);
  const { counts, measures } = events;
  const arrived = measures.arrived.read();
  return {
    at: manager.now,
    isDraining,
    sessions: {
      created: counts.total('created'),
      renewed: counts.total('renewed'),
      rotated: counts.total('rotated'),
      replaced: counts.total('replaced'),
      online: counts.total('online'),
      away: counts.total('away'),
      closed: counts.byKind('closed'),
      limits: counts.byKind('limit'),
      refused: counts.byKind('refused'),
    },
    polls: { held: room.held - room.heldStreams, arrived: arrived.poll ?? 0, ended: measures.endedPolls.read() },
    streams: { held: room.heldStreams, arrived: arrived.stream ?? 0, ended: measures.endedStreams.read() },
    turnedAway: measures.turnedAway,
    wakeUps: measures.wakeUps.read(),
    lanePolls: measures.lanePolls.read(),
    messages: {
      pushed: measures.pushed.read(),
      pushedBytes: measures.pushedBytes,
      overflows: counts.byKind('overflow'),
      displaced: measures.displaced,
      delivered: measures.delivered.read(),
      deliveredBytes: measures.deliveredBytes.read(),
      lost: measures.lost,
      resets: measures.resets,
      latency: measures.deliveryLatency.read(),
    },
    broadcasts: {
      running: measures.broadcasts - measures.broadcastsEnded,
      begun: measures.broadcasts,
      chunks: measures.broadcastChunks,
      mailboxes: measures.broadcastMailboxes,
    },
    sweeps: { duration: measures.sweepDuration.read(), sessions: measures.swept.read() },
    store: { latency: measures.storeLatency.read(), errors: measures.storeErrors.read() },
  };
}

/**
 * Times each call of the store from now on, for `MeasuresReading.store`, and traces it on the channel
 * `session-mailbox:store`. A second call has no effect. Without it, store calls have no additional cost.
 */
export function observeStore(manager: SessionManager): void {
  runtimeOf(manager).observeStore();
}
