import { setImmediate as nextTurn } from 'node:timers/promises';
import { type MailboxClient, poll, shared } from '../../src/client/index.js';
import { eventually } from '../support/eventually.js';
import type { ClientSetup, ClientStage } from './client-stage.js';

interface LockOptions {
  readonly signal?: AbortSignal;
  readonly steal?: boolean;
}

/** A replacement for the Web Locks of a browser, which Node has only since version 24. */
class Locks {
  readonly #locks = new Map<string, Lock>();
  /** Whether requests for a lock are denied, as in a frame of another site. */
  areDenied = false;

  request(name: string, options: LockOptions, granted: () => unknown): Promise<unknown> {
    if (this.areDenied) return Promise.reject(new DOMException('Access is denied', 'SecurityError'));
    const lock = this.#locks.get(name) ?? new Lock();
    this.#locks.set(name, lock);
    return lock.request(options, granted);
  }
}

class Lock {
  #lose: ((error: Error) => void) | undefined;
  readonly #waiting: (() => void)[] = [];

  async request({ signal, steal = false }: LockOptions, granted: () => unknown): Promise<unknown> {
    if (steal) this.#lose?.(new DOMException('stolen', 'AbortError'));
    else if (this.#lose !== undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (signal?.aborted) {
      this.#waiting.shift()?.();
      throw signal.reason;
    }
    let lose = (_: Error) => {};
    const stolen = new Promise((_, reject) => {
      lose = reject;
    });
    this.#lose = lose;
    try {
      return await Promise.race([granted(), stolen]);
    } finally {
      // A browser releases a lock in a later turn, and settles the promise then.
      await nextTurn();
      if (this.#lose === lose) {
        this.#lose = undefined;
        this.#waiting.shift()?.();
      }
    }
  }
}

export const locks = new Locks();
Object.defineProperty(globalThis, 'navigator', { value: { locks } });

/** Makes the process look like a page, or not. */
export function setLocation(location: { readonly href: string } | undefined): void {
  Object.defineProperty(globalThis, 'location', { value: location, configurable: true });
}

export const pageLocation = { href: 'http://127.0.0.1/' };
setLocation(pageLocation);

/** Opens a tab of a browser that has the token in a cookie. */
export function open(stage: ClientStage, options: ClientSetup = {}): MailboxClient {
  const withCookie: typeof fetch = (input, init) => {
    const cookie = `sid=${stage.session.token}`;
    return fetch(input, { ...init, headers: { ...Object(init?.headers), cookie, 'sec-fetch-site': 'same-origin' } });
  };
  return stage.connect({ transport: shared(poll), token: () => undefined, fetch: withCookie, ...options });
}

export const isOpen = (mailbox: MailboxClient) => eventually(() => mailbox.state === 'open');

/** Listens on the channel of the tabs of one server. Returns the channel and the kinds of the messages on it. */
export function listen(stage: ClientStage) {
  const channel = new BroadcastChannel(`session-mailbox:${stage.url}/`);
  const kinds: string[] = [];
  channel.onmessage = (event) => {
    const { kind } = Object(Object(event).data);
    kinds.push(kind);
  };
  return { channel, kinds };
}
