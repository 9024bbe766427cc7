import type { Batch } from '../delivery/batch.js';
import { type ClosedNotice, closedNotice } from '../errors/close-reason.js';
import { SessionError } from '../errors/session-error.js';
import type { Message } from '../mailbox/message.js';

/** A comment, which clients ignore. */
export const heartbeatEvent = ':\n\n';

/** What a client is told whose reader reads elsewhere now. Like a `ClosedNotice`, but the session lives on. */
const superseded = {
  code: 'superseded',
  reason: 'A newer poll or stream of this reader took over.',
  reconnect: false,
} as const;

/** A batch as Server-Sent Events; `docs/streams.md` describes them. Each message has the cursor that is behind it. */
export function encodeEvents(batch: Batch): string {
  const { messages, cursor, lost } = batch;
  let text = '';
  if (lost > 0) text += `event: lost\ndata: {"lost":${lost}}\n\n`;
  if (batch.reset) text += 'event: reset\ndata: {}\n\n';
  if (messages.length > 0) text += messageEvents(messages, cursor);
  // The cursor of a stream that was not read is empty, or the one that the client has.
  else if (batch.retry === undefined) text += `id: ${cursor}\n\n`;
  if (batch.retry !== undefined) text += `retry: ${batch.retry}\n\n`;
  if (batch.superseded) text += closedEvent(superseded);
  if (batch.closed !== undefined) text += closedEvent(batch.closed);
  return text;
}

/** What an open stream is told of an error: why the session has ended, or nothing, so that the client comes back. */
export function encodeFailure(error: unknown): string {
  return SessionError.is(error, 'SESSION_CLOSED') ? closedEvent(closedNotice(error.details.reason)) : '';
}

/** Whether a stream ends with this batch. */
export function isLast({ superseded, retry, closed }: Batch): boolean {
  return superseded === true || retry !== undefined || closed !== undefined;
}

/** The proof of the batch proves every place within it. */
function messageEvents(messages: readonly Message[], cursor: string): string {
  const epoch = cursor.slice(0, cursor.indexOf('.'));
  const proof = cursor.slice(cursor.lastIndexOf('.') + 1);
  const last = messages.length - 1;
  let text = '';
  messages.forEach((message, index) => {
    const { offset, at } = message;
    // The cursor of the batch is also behind what a bound dropped after its last message.
    const id = index === last ? cursor : `${epoch}.${offset}.${proof}`;
    text += `id: ${id}\ndata: {"offset":${offset},"at":${at},"data":${oneLine(message.json)}}\n\n`;
  });
  return text;
}

/** A line break would begin another field. JSON needs none, but a text that was not made here may have one. */
function oneLine(json: string): string {
  return /[\r\n]/.test(json) ? JSON.stringify(JSON.parse(json)) : json;
}

function closedEvent(notice: ClosedNotice | typeof superseded): string {
  return `event: closed\ndata: ${JSON.stringify(notice)}\n\n`;
}
