import type { Batch } from '../delivery/batch.js';
import { type ClosedNotice, closedNotice } from '../errors/close-reason.js';
import { SessionError } from '../errors/session-error.js';
import type { Message } from '../mailbox/message.js';

/** A comment, which clients ignore. */
export const heartbeatEvent = ':\n\n';

/**
 * Notice for a client whose reader a newer poll or stream took over. Like a `ClosedNotice`, but the session stays live.
 */
const superseded = {
  code: 'superseded',
  reason: 'A newer poll or stream of this reader took over.',
  reconnect: false,
} as const;

/**
 * Encodes a batch as Server-Sent Events; see `docs/streams.md`. The id of each message is the cursor after the message.
 */
export function encodeEvents(batch: Batch): string {
  const { messages, cursor, lost } = batch;
  let text = '';
  if (lost > 0) text += `event: lost\ndata: {"lost":${lost}}\n\n`;
  if (batch.reset) text += 'event: reset\ndata: {}\n\n';
  if (messages.length > 0) text += messageEvents(messages, cursor);
  // With `retry` the stream was not read: its cursor is empty, or the client has it already.
  else if (batch.retry === undefined) text += `id: ${cursor}\n\n`;
  if (batch.retry !== undefined) text += `retry: ${batch.retry}\n\n`;
  if (batch.superseded) text += closedEvent(superseded);
  if (batch.closed !== undefined) text += closedEvent(batch.closed);
  return text;
}

/**
 * Encodes an error for an open stream: the reason why the session ended, else nothing, so that the client reconnects.
 */
export function encodeFailure(error: unknown): string {
  return SessionError.is(error, 'SESSION_CLOSED') ? closedEvent(closedNotice(error.details.reason)) : '';
}

/** Whether a stream ends with this batch. */
export function isLast({ superseded, retry, closed }: Batch): boolean {
  return superseded === true || retry !== undefined || closed !== undefined;
}

/** Encodes the messages. The proof in the cursor of the batch is valid for every offset within the batch. */
function messageEvents(messages: readonly Message[], cursor: string): string {
  const epoch = cursor.slice(0, cursor.indexOf('.'));
  const proof = cursor.slice(cursor.lastIndexOf('.') + 1);
  const last = messages.length - 1;
  let text = '';
  messages.forEach((message, index) => {
    const { offset, at } = message;
    // The cursor of the batch also covers messages that a bound dropped after its last message.
    const id = index === last ? cursor : `${epoch}.${offset}.${proof}`;
    text += `id: ${id}\ndata: {"offset":${offset},"at":${at},"data":${oneLine(message.json)}}\n\n`;
  });
  return text;
}

/** Removes line breaks, which would begin another field. JSON needs none, but a text of another origin may have one. */
function oneLine(json: string): string {
  return /[\r\n]/.test(json) ? JSON.stringify(JSON.parse(json)) : json;
}

function closedEvent(notice: ClosedNotice | typeof superseded): string {
  return `event: closed\ndata: ${JSON.stringify(notice)}\n\n`;
}
