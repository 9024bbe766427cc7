import { isCloseReason } from '../../errors/close-reason.js';
import { type ChangeWatcher, patched, type SessionChange } from '../../store/change-feed.js';
import type { RedisConnection } from './connection.js';
import type { Keys } from './keys.js';
import { Subscription } from './subscription.js';

/** Receives changes of sessions and forwards them to one watcher; see scripts/notices.lua. */
export class ChangeReceiver {
  readonly #subscription: Subscription;

  constructor(connection: RedisConnection, keys: Keys, watcher: ChangeWatcher) {
    this.#subscription = new Subscription(connection, keys.changeChannels(connection.isCluster), {
      received: (text) => forward(text, watcher),
      lost: () => watcher.interrupted(),
      restored: () => watcher.resumed(),
    });
  }

  open(): Promise<void> {
    return this.#subscription.open();
  }

  /** Replaces the connection. Call this when the address may lead to another server. */
  moved(): void {
    this.#subscription.moved();
  }

  close(): Promise<void> {
    return this.#subscription.close();
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
