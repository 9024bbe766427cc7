import type { ClosedNotice } from '../errors/close-reason.js';
import type { Message } from '../mailbox/message.js';

/** What one poll is answered. The optional members are present only when they say something. */
export interface Batch {
  readonly messages: readonly Message[];
  /** What to send as `after` next time. */
  readonly cursor: string;
  /** How many messages between the last cursor and this one were dropped and can't be had any more. */
  readonly lost: number;
  /** The sent cursor does not belong to this mailbox's life: these are all messages retained. */
  readonly reset?: true;
  /** A newer poll of the same reader took over, or the mailbox dropped this reader. Don't poll again. */
  readonly superseded?: true;
  /** Milliseconds to wait before the next poll. */
  readonly retry?: number;
  /** The session has ended. */
  readonly closed?: ClosedNotice;
}

/** The batch as it goes over the wire, joined from the JSON that the push made. */
export function encodeBatch(batch: Batch): string {
  let text = '{"messages":[';
  let separator = '';
  for (const message of batch.messages) {
    text += `${separator}{"offset":${message.offset},"at":${message.at},"data":${message.json}}`;
    separator = ',';
  }
  text += `],"cursor":"${batch.cursor}","lost":${batch.lost}`;
  if (batch.reset) text += ',"reset":true';
  if (batch.superseded) text += ',"superseded":true';
  if (batch.retry !== undefined) text += `,"retry":${batch.retry}`;
  if (batch.closed !== undefined) text += `,"closed":${JSON.stringify(batch.closed)}`;
  return `${text}}`;
}
