import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Hold, HoldTimes } from '../delivery/hold-times.js';
import type { LaneSide } from '../measures/kinds.js';
import type { UptimeClock } from '../time/clock.js';
import type { LaneAnswer } from './lane-answer.js';
import type { MutableLaneCounts } from './lane-counts.js';
import type { LaneRequest } from './lane-options.js';
import type { NodeSide } from './node-side.js';
import type { PollReader } from './poll-reader.js';
import type { ResponseText } from './response-text.js';

/** The part of a connection that the lane itself uses. */
export interface LaneMember extends Hold<LaneMember> {
  readonly socket: Socket;
  /** Called when the deadline has passed. */
  due(): void;
}

/** The lane of one server, which its connections share. */
export interface LaneHost {
  readonly server: Server;
  readonly node: NodeSide;
  readonly reader: PollReader;
  readonly path: string;
  readonly text: ResponseText;
  readonly clock: UptimeClock;
  /** One timer for all connections that wait for a request. */
  readonly holds: HoldTimes<LaneMember>;
  readonly counts: MutableLaneCounts;
  /** Counts a poll that has arrived. */
  countPoll(side: LaneSide): void;
  readonly onRequest: ((request: LaneRequest) => void) | undefined;
  /** Whether the lane takes polls: it was not closed, and the server listens. */
  readonly isOpen: boolean;
  /** Whether a connection may return from `node:http`. */
  readonly mayReturn: boolean;
  /** Milliseconds within which the first request of a connection must arrive; 0 for no limit. */
  readonly headerTime: number;
  /** Milliseconds after which an idle connection is closed; 0 for never. */
  readonly idleTime: number;
  report(answer: LaneAnswer, status: number | undefined): void;
  /**
   * Called when a connection was given to `node:http`.
   * @param counts whether it has had requests, which a limit may count
   */
  gave(connection: LaneMember, counts: boolean): void;
  /** Removes a connection from the lane, such as one that was closed. */
  forget(connection: LaneMember): void;
}
