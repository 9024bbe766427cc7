/** One message for the application. */
export interface Message<Data = unknown> {
  /** Position of the message in the mailbox. */
  readonly offset: number;
  /** Time at which the server accepted the message, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly data: Data;
}

/** The reason why a session or its client has ended. */
export interface ClosedNotice {
  /** A close reason of the server, `superseded`, `closed`, or the code of a permanent error. */
  readonly code: string;
  /** A sentence for people. */
  readonly reason: string;
  /** Whether the session is still live and the client may connect again. */
  readonly reconnect: boolean;
}

/** The answer to a poll. A stream delivers the same fields in parts. */
export interface Batch {
  readonly messages: readonly Message[];
  readonly cursor: string;
  readonly lost: number;
  readonly reset?: boolean;
  readonly superseded?: boolean;
  /** Milliseconds that the client waits before it comes back. */
  readonly retry?: number;
  readonly closed?: ClosedNotice;
}

/** Whether an answer is a batch. A captive portal or a proxy may answer with anything. */
export function isBatch(value: unknown): value is Batch {
  const { messages, cursor } = Object(value);
  return Array.isArray(messages) && typeof cursor === 'string';
}

/** Parses a cursor, which is `<epoch>.<offset>.<proof>`. The empty cursor is before the oldest message. */
export function placeOf(cursor: string): { readonly epoch: string; readonly offset: number } {
  const [epoch = '', offset = '0'] = cursor.split('.');
  return { epoch, offset: Number(offset) };
}

/** Returns the cursor after the given message, which is in the batch with the given cursor. */
export function cursorAt(cursor: string, { offset }: Message): string {
  return cursor.replace(/\..*\./, `.${offset}.`);
}
