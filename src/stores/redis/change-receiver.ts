import { isCloseReason } from '../../errors/close-reason.js';
import { type ChangeWatcher, patched, type SessionChange } from '../../store/change-feed.js';
import type { Clock } from '../../time/clock.js';
import { Interval } from '../../time/interval.js';
import type { RedisConnection } from './connection.js';
import type { Keys } from './keys.js';
import { Subscription } from './subscription.js';

/** Milliseconds between two checks of the connection. */
const checkPauseMs = 2_000;

/** Receives changes of sessions and forwards them to one watcher; see scripts/notices.lua. */
export class ChangeReceiver {
  readonly #subscription: Subscription;
  /** Changes have no numbers, so that nothing else reveals that none arrives any more. */
  readonly #checks: Interval;

  constructor(connection: RedisConnection, keys: Keys, watcher: ChangeWatcher, clock: Clock) {
    this.#subscription = new Subscription(connection, keys.changeChannels(connection.isCluster), {
      received: (text) => forward(text, watcher),
      lost: () => watcher.interrupted(),
      restored: () => watcher.resumed(),
    });
    this.#checks = new Interval(clock, checkPauseMs, () => this.#subscription.verify());
  }

  open(): Promise<void> {
    this.#checks.start();
    return this.#subscription.open();
  }

  /** Replaces the connection. Call this when the address may lead to another server. */
  moved(): void {
    this.#subscription.moved();
  }

  async close(): Promise<void> {
    // The end of the connection also ends a running check.
    await Promise.all([this.#checks.stop(), this.#subscription.close()]);
  }
}

/** Parses `<app>:<id>:<kind>` and the data of the kind, and notifies the watcher; see scripts/notices.lua. */
function forward(text: string, watcher: ChangeWatcher): void {
  const [app = '', id = '', kind = '', ...rest] = text.split(':');
  const change = changeOf(kind, rest);
  if (change !== undefined) {
    watcher.changed(app, id, change);
    return;
  }
  // Another publisher sent this text. The changed session is unknown, so the watcher must assume that any may have
  // changed.
  watcher.interrupted();
  watcher.resumed();
}

function changeOf(kind: string, rest: readonly string[]): SessionChange | undefined {
  const accountId = rest.join(':');
  switch (kind) {
    case 'c':
      return { kind: 'created', accountId };
    case 'p':
      return patched;
    case 'r':
      return { kind: 'rotated', accountId };
    case 'e': {
      const [reason, ...account] = rest;
      return isCloseReason(reason) ? { kind: 'closed', accountId: account.join(':'), reason } : undefined;
    }
    default:
      return undefined;
  }
}
