import type { CloseReason } from '../../errors/close-reason.js';
import type { Message } from '../../mailbox/message.js';
import { type ChangeWatcher, patched, type SessionChange } from '../../store/change-feed.js';
import type { Notices } from '../../store/engine/notices.js';
import { noListener } from '../../store/no-listener.js';
import type { StoreListener } from '../../store/store-listener.js';

/** Passes the engine's notices on at once: there is one node, and nothing to commit. */
export class MemoryNotices implements Notices {
  listener: StoreListener = noListener;
  readonly watchers = new Set<ChangeWatcher>();

  clear(): void {
    this.listener = noListener;
    this.watchers.clear();
  }

  appended(_node: string, app: string, id: string, epoch: string, message: Message, before: number): void {
    this.listener.appended(app, id, epoch, message, before);
  }

  changed(_node: string, app: string, id: string): void {
    this.listener.changed(app, id);
  }

  closed(_node: string, app: string, id: string, reason: CloseReason): void {
    this.listener.closed(app, id, reason);
  }

  rotated(_node: string, app: string, id: string, generation: number): void {
    this.listener.rotated(app, id, generation);
  }

  superseded(_node: string, app: string, id: string, reader: string, ticket: number): void {
    this.listener.superseded(app, id, reader, ticket);
  }

  sessionChanged(app: string, id: string, change: SessionChange = patched): void {
    for (const watcher of this.watchers) watcher.changed(app, id, change);
  }
}
