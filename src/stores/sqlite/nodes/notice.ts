import type { CloseReason } from '../../../errors/close-reason.js';
import { Message } from '../../../mailbox/message.js';
import type { SessionChange } from '../../../store/change-feed.js';
import type { StoreListener } from '../../../store/store-listener.js';

/** A notice for a node: name and arguments of a method of the listener, which a row of an inbox can store as JSON. */
export type Notice =
  | readonly [kind: 'appended', app: string, id: string, epoch: string, before: number, ...message: MessageFields]
  | readonly [kind: 'changed', app: string, id: string]
  | readonly [kind: 'closed', app: string, id: string, reason: CloseReason]
  | readonly [kind: 'rotated', app: string, id: string, generation: number]
  | readonly [kind: 'superseded', app: string, id: string, reader: string, ticket: number]
  | readonly [kind: 'sessionChanged', app: string, id: string, change: SessionChange];

type MessageFields = readonly [offset: number, at: number, json: string, bytes: number, key: string | null];

/** The receiver of notices in this process. No method throws. */
export interface NoticeListener extends StoreListener {
  /** Notifies the `ChangeWatcher`s of this process. */
  sessionChanged(app: string, id: string, change: SessionChange): void;
}

export function appendedNotice(app: string, id: string, epoch: string, message: Message, before: number): Notice {
  const { offset, at, json, bytes, key = null } = message;
  return ['appended', app, id, epoch, before, offset, at, json, bytes, key];
}

export function deliver(notice: Notice, listener: NoticeListener): void {
  switch (notice[0]) {
    case 'appended': {
      const [, app, id, epoch, before, offset, at, json, bytes, key] = notice;
      const message = new Message(offset, at, { json, bytes, key: key ?? undefined });
      listener.appended(app, id, epoch, message, before);
      return;
    }
    case 'changed':
      listener.changed(notice[1], notice[2]);
      return;
    case 'closed':
      listener.closed(notice[1], notice[2], notice[3]);
      return;
    case 'rotated':
      listener.rotated(notice[1], notice[2], notice[3]);
      return;
    case 'superseded':
      listener.superseded(notice[1], notice[2], notice[3], notice[4]);
      return;
    case 'sessionChanged':
      listener.sessionChanged(notice[1], notice[2], notice[3]);
  }
}
