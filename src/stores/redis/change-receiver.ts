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

  /** Call when the address may lead to another server. */
  moved(): void {
    this.#subscription.moved();
  }

  close(): Promise<void> {
    return this.#subscription.close();
  }
}

/** `<app>:<id>:<kind>` and what the kind needs; see scripts/notices.lua. */
function forward(text: string, watcher: ChangeWatcher): void {
  const [app = '', id = '', kind = '', ...rest] = text.split(':');
  const change = changeOf(kind, rest);
  if (change !== undefined) {
    watcher.changed(app, id, change);
    return;
  }
  // Another publisher wrote it. Which session changed is unknown, so a watcher must take it that any may have.
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
