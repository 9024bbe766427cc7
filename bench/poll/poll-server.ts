import type { Server } from 'node:http';

/** A server that holds polls, and the publishing side of it, called from within its own process. */
export interface PollServer {
  /** Already listening on a free loopback port. */
  readonly http: Server;
  /**
   * Makes so many more clients known, and returns their bearer tokens; none where clients introduce themselves. Those
   * send a token all the same, as browsers send cookies, whatever the server makes of it.
   */
  register(count: number): Promise<string[]> | string[];
  /** Sends one message to client `n`; waits for its poll when none is held. */
  unicast(n: number): unknown;
  /** Sends one message to every client. */
  broadcast(): unknown;
}

export type OpenPollServer = () => Promise<PollServer>;
