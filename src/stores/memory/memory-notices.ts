import type { CloseReason } from '../../errors/close-reason.js';
import { guarded } from '../../errors/guarded.js';
import type { Message } from '../../mailbox/message.js';
import { type ChangeWatcher, patched, type SessionChange } from '../../store/change-feed.js';
import type { Notices } from '../../store/engine/notices.js';
import { noListener } from '../../store/no-listener.js';
import type { StoreListener } from '../../store/store-listener.js';

/**
 * Passes the engine's notices to the listener after the step that made them has ended, and before the caller has the
 * result of the step. The listener calls receivers of the application, which may call the store again, and a step must
 * not begin within another step.
 */
export class MemoryNotices implements Notices {
  listener: StoreListener = noListener;
  readonly watchers = new Set<ChangeWatcher>();
  #waiting: (() => void)[] = [];

  clear(): void {
    this.listener = noListener;
    this.watchers.clear();
  }

  appended(_node: string, app: string, id: string, epoch: string, message: Message, before: number): void {
    this.#afterStep(() => this.listener.appended(app, id, epoch, message, before));
  }

  changed(_node: string, app: string, id: string): void {
    this.#afterStep(() => this.listener.changed(app, id));
  }

  closed(_node: string, app: string, id: string, reason: CloseReason): void {
    this.#afterStep(() => this.listener.closed(app, id, reason));
  }

  rotated(_node: string, app: string, id: string, generation: number): void {
    this.#afterStep(() => this.listener.rotated(app, id, generation));
  }

  superseded(_node: string, app: string, id: string, reader: string, ticket: number): void {
    this.#afterStep(() => this.listener.superseded(app, id, reader, ticket));
  }

  sessionChanged(app: string, id: string, change: SessionChange = patched): void {
    for (const watcher of this.watchers) watcher.changed(app, id, change);
  }

  #afterStep(notify: () => void): void {
    if (this.#waiting.push(notify) > 1) return;
    queueMicrotask(() => {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const each of waiting) guarded('A notice of the store failed', each)();
    });
  }
}
