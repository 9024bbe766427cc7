import type { Memory } from '../support/memory.js';

/** Of a process that has no JavaScript, only what the system gave it. */
export type ServedMemory = Omit<Memory, 'heap'> & Partial<Memory>;

/** A server that holds polls, and the publishing side of it. */
export interface PollServer {
  /** Where it listens already, on the loopback address. */
  readonly port: number;
  readonly held: HeldPolls;
  /**
   * Makes so many more clients known, and returns their bearer tokens; none where clients introduce themselves. Those
   * send a token all the same, as browsers send cookies, whatever the server makes of it.
   */
  register(count: number): Promise<string[]> | string[];
  /** Sends one message to client `n`; waits for its poll when none is held. */
  unicast(n: number): unknown;
  /** One message to every client in this order, never to a client without a held poll; ends when all poll again. */
  deliverUnicast(order: Uint32Array): Promise<void>;
  /** One message to all clients; ends when every one of them polls again. */
  deliverBroadcast(clients: number): Promise<void>;
  /** Clients' connections that are open. */
  connections(): Promise<number>;
  /** CPU of the processes that serve, in µs: all their threads, user and system. */
  cpu(): number;
  /** What they hold once all that is garbage is gone. */
  memory(): ServedMemory;
}

/** What the servers that run within the measured process differ in. */
export interface Publishing extends Pick<PollServer, 'register' | 'unicast'> {
  /** Sends one message to every client. */
  broadcast(): unknown;
}

/** Tells when all clients poll. */
export interface HeldPolls {
  /** Must be called before the clients begin to poll. */
  expect(): void;
  /** Resolves when so many polls have come since `expect`. */
  reach(clients: number): Promise<void>;
}

/** @param holdTime after which a poll ends by itself, and a quiet stream is sent a heartbeat, in ms */
export type OpenPollServer = (holdTime: number) => Promise<PollServer>;
