import type { TabMemory } from './memory.js';
import type { SocketMaker } from './socket.js';
import type { ClientClock } from './surroundings.js';
import type { Batch } from './wire.js';

/**
 * Milliseconds within which the server must send an answer that it does not hold. Also the time for which the leader of
 * the tabs waits for a tab that takes nothing, and a tab for a note of its leader.
 */
export const patience = 10_000;
/** Milliseconds without any data, heartbeats included, after which a stream counts as dead. */
export const longestSilence = 70_000;
/** Error of an exchange in which the server has sent nothing for too long. */
export class Silence extends Error {}
/** Longest delay of a timer in milliseconds. A timer with a longer delay ends immediately. */
export const longestTimer = 2 ** 31 - 1;

/** One exchange with the server, as a transport sees it. */
export interface Exchange {
  /** The address of the server's routes, with a slash at its end. */
  readonly base: string;
  readonly fetch: typeof fetch;
  readonly WebSocket: SocketMaker | undefined;
  readonly memory: TabMemory;
  readonly clock: ClientClock;
  readonly reader: string;
  /** Cursor up to which the application has all messages. */
  readonly after: string;
  /** The bearer token; undefined if the session is in the cookie. */
  readonly token: string | undefined;
  /** Aborted when the exchange must end immediately. */
  readonly signal: AbortSignal;
  /** Whether the server has answered since the last failure. */
  readonly isOpen: boolean;
  /** Reports that the server has accepted a stream, before the stream has a message. */
  opened(): void;
  /** @throws if the batch was not meant for this client */
  deliver(batch: Batch): void;
  /** Whether a batch has asked the client to pause before the next exchange. */
  hasPause(): boolean;
  /** Sets the function to call whenever the application has taken messages, until the exchange ends. */
  onTaken(listener: (cursor: string) => void): void;
}

/**
 * Makes one exchange: one poll, or one stream until it ends. Resolves if nothing has failed; the next exchange may then
 * begin immediately, unless a batch has asked for a pause. Otherwise rejects with a `Refusal` or any other error.
 */
export type Exchanger = (exchange: Exchange) => Promise<void>;

/** Returns the function that makes the exchanges of one client. */
export type Transport = () => Exchanger;

/**
 * Returns a promise that `start` settles. If the signal is aborted first, the promise rejects with the signal's reason.
 * @param start gets a signal, too, which is aborted when the promise has settled
 */
export function unlessAborted<Value>(
  signal: AbortSignal,
  start: (resolve: (value: Value) => void, reject: (error: unknown) => void, over: AbortSignal) => void,
): Promise<Value> {
  const settled = new AbortController();
  return new Promise<Value>((resolve, reject) => {
    signal.throwIfAborted();
    // The signal may outlive many of these promises.
    signal.addEventListener('abort', () => reject(signal.reason), settled);
    start(resolve, reject, settled.signal);
  }).finally(() => settled.abort());
}

/**
 * Does work that needs the server. Rejects if the server sends nothing for too long, and when the exchange must end, even
 * if the work goes on.
 * @param time milliseconds within which the server must send something
 * @param work gets a signal that is aborted when this function ends, and a function that replaces the time limit by
 *   another, which begins now
 */
export function inTime<Value>(
  { clock, signal }: Pick<Exchange, 'clock' | 'signal'>,
  time: number,
  work: (over: AbortSignal, expect: (time: number) => void) => Promise<Value>,
): Promise<Value> {
  let timer: { cancel(): void } | undefined;
  return unlessAborted<Value>(signal, (resolve, reject, over) => {
    const expect = (time: number) => {
      timer?.cancel();
      timer = clock.setTimer(time, () => reject(new Silence('No answer in time')));
    };
    expect(time);
    work(over, expect).then(resolve, reject);
  }).finally(() => timer?.cancel());
}

/** Returns the address of a route, with the parameters of a poll or a stream. */
export function addressOf({ base, after, reader }: Exchange, route: string, more?: Record<string, string>): string {
  return `${base}${route}?${new URLSearchParams({ after, reader, ...more })}`;
}

/** @throws the errors of `fetch` */
export function request({ fetch, token }: Exchange, url: string, init: RequestInit): Promise<Response> {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(init.body && { 'content-type': 'application/json' }),
  };
  // Refuse redirects: a redirect leads to a page for people, for example a login or a captive portal.
  // `cache` needs the cast, because Node has no cache and no such field in its types.
  return fetch(url, { ...({ cache: 'no-store' } as object), redirect: 'error', headers, ...init });
}
