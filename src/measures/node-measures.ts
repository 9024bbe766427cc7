import { Distribution } from './distribution.js';
import {
  deliveryWays,
  endings,
  laneSides,
  pushOutcomes,
  type Sweep,
  storeOperations,
  sweeps,
  type TransportKind,
  transports,
  wakeUps,
} from './kinds.js';
import { Tally } from './tally.js';

/** In seconds: from a hand-over within the process to a message that waited until its client came back. */
const deliveryBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600];
/** In seconds: from a step in memory to a call that is close to a timeout. */
const storeBounds = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
/** In seconds: from a round that finds nothing to a round that reclaims a million sessions. */
const sweepBounds = [0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

/**
 * The work of this node since it started, for all apps, except for the events, which `SessionCounts` counts. The
 * numbers are counted where the work is done, whether or not they are read. Every set of kinds is fixed: nothing is
 * counted by account, session or any other value that a client chooses.
 */
export class NodeMeasures {
  /** Polls and streams that this node has accepted. */
  readonly arrived = new Tally<TransportKind>(transports);
  /**
   * Polls and streams that were sent away to retry: this node has no room for them or is stopping. Not in `arrived`.
   */
  turnedAway = 0;
  readonly endedPolls = new Tally(endings);
  readonly endedStreams = new Tally(endings);
  readonly wakeUps = new Tally(wakeUps);
  /** Polls of servers with a fast lane. */
  readonly lanePolls = new Tally(laneSides);

  readonly pushed = new Tally(pushOutcomes);
  /** Bytes of the messages that mailboxes accepted, once for each mailbox. */
  pushedBytes = 0;
  /** Older messages that were dropped to make room for newer ones. */
  displaced = 0;
  readonly delivered = new Tally<TransportKind>(transports);
  readonly deliveredBytes = new Tally<TransportKind>(transports);
  /** Messages that batches reported as lost. */
  lost = 0;
  /** Batches that reported a reset. */
  resets = 0;
  /** Time from the acceptance of a message to its hand-over to the front, in seconds. */
  readonly deliveryLatency = new Distribution(deliveryBounds, deliveryWays);

  /** Broadcasts (`pushToApp`) that have begun and ended, their chunks, and the mailboxes that the chunks served. */
  broadcasts = 0;
  broadcastsEnded = 0;
  broadcastChunks = 0;
  broadcastMailboxes = 0;

  /** Time of a whole round, in seconds. */
  readonly sweepDuration = new Distribution<Sweep>(sweepBounds, sweeps);
  /** Sessions that were reclaimed or turned `away`. */
  readonly swept = new Tally<Sweep>(sweeps);

  /** Time of each store call, in seconds. Empty unless the store is observed. */
  readonly storeLatency = new Distribution(storeBounds, storeOperations);
  /** Calls that failed because the store was unavailable or faulty. A refusal (unknown session, …) is no error. */
  readonly storeErrors = new Tally(storeOperations);
}
