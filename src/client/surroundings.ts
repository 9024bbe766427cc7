import type { TabStorage } from './memory.js';
import type { SocketMaker } from './socket.js';

/** Clock and timers of the client, in milliseconds. */
export interface ClientClock {
  /** Returns the time of the wall clock, which may be set forward and back. */
  now(): number;
  setTimer(delay: number, callback: () => void): { cancel(): void };
}

/**
 * Event in the surroundings of a client:
 * - `offline`: the device has no network.
 * - `awake`: the network is back, or the device slept. An older connection may be dead without notice.
 * - `visible`: the user looks at the page again.
 * - `leaving`: the page ends, or the browser caches it and may show it again.
 * - `back`: the browser shows a cached page again.
 */
export type Sign = 'offline' | 'awake' | 'visible' | 'leaving' | 'back';

/** Environment of a client: everything that it needs in addition to its options. */
export interface Surroundings {
  readonly clock: ClientClock;
  /** Returns a number from 0 up to, but not including, 1. */
  random(): number;
  /** Whether the device knows that it has no network. */
  isOffline(): boolean;
  /** @returns a function that removes the listener */
  listen(listener: (sign: Sign) => void): () => void;
}

interface PageEvent {
  readonly persisted?: boolean;
}

interface Target {
  addEventListener(type: string, listener: (event: PageEvent) => void, options: { readonly signal: AbortSignal }): void;
}

/** A `BroadcastChannel`. */
export interface Channel {
  onmessage: ((event: { readonly data: never }) => void) | null;
  postMessage(note: unknown): void;
  close(): void;
}

/** A `LockManager`. */
interface Locks {
  request(name: string, options: object, granted: () => unknown): Promise<unknown>;
}

/** Globals of a browser. Workers and Node have only some of them. */
interface Page extends Partial<Target> {
  readonly document?: Target & { readonly visibilityState: string };
  readonly navigator?: { readonly onLine?: boolean; readonly locks?: Locks };
  readonly BroadcastChannel?: new (name: string) => Channel;
  readonly location?: { readonly href: string };
  readonly sessionStorage?: TabStorage;
  readonly WebSocket?: SocketMaker;
}

export const page: Page = Object(globalThis);

const systemClock: ClientClock = {
  now: Date.now,
  setTimer: (delay, callback) => {
    const timer = setTimeout(callback, delay);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** The page, the worker or the process in which this code runs. */
export const here: Surroundings = {
  clock: systemClock,
  random: Math.random,
  isOffline: () => page.navigator?.onLine === false,
  listen: (listener) => {
    const { document } = page;
    const over = new AbortController();
    const tell = (
      target: Partial<Target> | undefined,
      type: string,
      sign: Sign,
      isMeant: (event: PageEvent) => unknown = () => true,
    ) => target?.addEventListener?.(type, (event) => isMeant(event) && listener(sign), over);
    tell(page, 'offline', 'offline');
    tell(page, 'online', 'awake');
    tell(page, 'pagehide', 'leaving');
    tell(page, 'pageshow', 'back', ({ persisted }) => persisted);
    tell(document, 'resume', 'awake');
    tell(document, 'visibilitychange', 'visible', () => document?.visibilityState === 'visible');
    over.signal.addEventListener(
      'abort',
      watchForSleep(systemClock, () => listener('awake')),
    );
    return () => over.abort();
  },
};

const lookEvery = 5_000;
/**
 * Milliseconds between two checks above which the device must have slept. Browsers delay timers of hidden pages by up
 * to a minute.
 */
const sleepLength = 70_000;

/** Detects that the device slept. Timers stop while a device sleeps, but its wall clock does not. */
export function watchForSleep(clock: ClientClock, onAwake: () => void): () => void {
  let last = clock.now();
  let timer = clock.setTimer(lookEvery, look);
  function look(): void {
    const now = clock.now();
    const slept = now - last > sleepLength;
    last = now;
    timer = clock.setTimer(lookEvery, look);
    if (slept) onAwake();
  }
  return () => timer.cancel();
}
