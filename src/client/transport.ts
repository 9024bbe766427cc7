import type { TabMemory } from './memory.js';
import type { SocketMaker } from './socket.js';
import type { ClientClock } from './surroundings.js';
import type { Batch } from './wire.js';

/** Milliseconds until an answer that is due now must have come. */
export const patience = 10_000;
/** Milliseconds without so much as a heartbeat after which a stream counts as dead. */
export const longestSilence = 70_000;

/** One exchange with the server, from the view of a transport. */
export interface Exchange {
  /** The address of the server's routes, with a slash at its end. */
  readonly base: string;
  readonly fetch: typeof fetch;
  readonly WebSocket: SocketMaker | undefined;
  readonly memory: TabMemory;
  readonly clock: ClientClock;
  readonly reader: string;
  /** The application has everything up to here. */
  readonly after: string;
  /** The bearer token; undefined where the cookie has it. */
  readonly token: string | undefined;
  /** Aborted when the exchange is to end at once. */
  readonly signal: AbortSignal;
  /** Whether the server has answered since the last trouble. */
  readonly isOpen: boolean;
  /** The server has accepted a stream that has nothing to say yet. */
  opened(): void;
  /** @throws if the batch was not meant for this client */
  deliver(batch: Batch): void;
  /** Whether a batch has said when to come back. */
  hasPause(): boolean;
  /** Calls back whenever the application has taken messages, until the exchange ends. */
  onTaken(listener: (cursor: string) => void): void;
}

/**
 * A way to the mailbox. An exchange is one poll, or a stream until it ends. It resolves when the next may begin at once,
 * and rejects with a `Refusal` or with any other error where something has failed.
 */
export type Exchanger = (exchange: Exchange) => Promise<void>;

/** Makes the exchanges of one client. */
export type Transport = () => Exchanger;

/** What ends an exchange that gives no sign. */
export interface Deadline {
  /** Aborted when the time is over, when the exchange is to end, and by `end`. */
  readonly signal: AbortSignal;
  /** Expects a sign within so many milliseconds from now, in place of the sign expected before. */
  expect(time: number): void;
  end(): void;
}

export function deadlineOf({ clock, signal }: Exchange): Deadline {
  const late = new AbortController();
  let timer: { cancel(): void } | undefined;
  return {
    signal: AbortSignal.any([signal, late.signal]),
    expect: (time) => {
      timer?.cancel();
      timer = clock.setTimer(time, () => late.abort(new Error('No answer in time')));
    },
    end: () => {
      timer?.cancel();
      late.abort();
    },
  };
}

/** What `start` makes of it, unless the signal is aborted first. */
export function unlessAborted<Value>(
  signal: AbortSignal,
  start: (resolve: (value: Value) => void, reject: (error: unknown) => void) => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason));
    start(resolve, reject);
  });
}

/** The address of a route, with the parameters of a poll or a stream. */
export function addressOf({ base, after, reader }: Exchange, route: string, more: Record<string, string> = {}): string {
  return `${base}${route}?${new URLSearchParams({ after, reader, ...more })}`;
}

/** @throws what `fetch` throws */
export function request({ fetch, token }: Exchange, url: string, init: RequestInit): Promise<Response> {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(init.body && { 'content-type': 'application/json' }),
  };
  // A redirect leads to a page for people: a login, or a captive portal.
  // Node has no cache, and no such field in its types.
  return fetch(url, { ...({ cache: 'no-store' } as object), redirect: 'error', headers, ...init });
}
