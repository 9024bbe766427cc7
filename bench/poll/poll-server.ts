import type { Memory } from '../support/memory.js';

/** Memory of a serving process. For a process without JavaScript, only the memory that the system gave it. */
export type ServedMemory = Omit<Memory, 'heap'> & Partial<Memory>;

/** A server that holds polls, and the publishing side of it. */
export interface PollServer {
  /** Port on the loopback address on which the server listens already. */
  readonly port: number;
  readonly held: HeldPolls;
  /**
   * Registers `count` more clients, and returns their bearer tokens. Returns none if clients register themselves; such
   * clients send a token all the same, as browsers send cookies, even if the server ignores it.
   */
  register(count: number): Promise<string[]> | string[];
  /** Sends one message to client `n`. If no poll of the client is held, the message waits for its poll. */
  unicast(n: number): unknown;
  /** Sends a message to every client in this order, never to one without a held poll. Resolves when all poll again. */
  deliverUnicast(order: Uint32Array): Promise<void>;
  /** Sends one message to all clients. Resolves when all of them poll again. */
  deliverBroadcast(clients: number): Promise<void>;
  /** Number of open connections of clients. */
  connections(): Promise<number>;
  /** CPU of the serving processes in µs: all their threads, user and system. */
  cpu(): number;
  /** Memory of the serving processes after a garbage collection. */
  memory(): ServedMemory;
}

/** The operations in which servers within the measured process differ. */
export interface Publishing extends Pick<PollServer, 'register' | 'unicast'> {
  /** Sends one message to every client. */
  broadcast(): unknown;
}

/** Counts polls, to find when all clients poll. */
export interface HeldPolls {
  /** Must be called before the clients begin to poll. */
  expect(): void;
  /** Resolves when this number of polls has arrived since `expect`. */
  reach(clients: number): Promise<void>;
}

/** @param holdTime milliseconds after which a poll ends by itself, and an idle stream is sent a heartbeat */
export type OpenPollServer = (holdTime: number) => Promise<PollServer>;
