/** One message, as the application takes it. */
export interface Message<Data = unknown> {
  /** Its place in the mailbox. */
  readonly offset: number;
  /** When the server accepted it, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly data: Data;
}

/** Why a mailbox is closed, or the session of it. */
export interface Closed {
  /** A close reason of the server, `superseded`, `closed`, or the code of an error that will not pass. */
  readonly code: string;
  /** A sentence for people. */
  readonly reason: string;
  /** Whether the session lives on. */
  readonly reconnect: boolean;
}

/** What a poll answers, and what a stream gives piece by piece. */
export interface Batch {
  readonly messages: readonly Message[];
  readonly cursor: string;
  readonly lost: number;
  readonly reset?: boolean;
  readonly superseded?: boolean;
  /** Milliseconds. */
  readonly retry?: number;
  readonly closed?: Closed;
}

/** Whether an answer is a batch at all: a captive portal or a proxy may answer with anything. */
export function isBatch(value: unknown): value is Batch {
  const { messages, cursor } = Object(value);
  return Array.isArray(messages) && typeof cursor === 'string';
}

/** A cursor is `<epoch>.<offset>.<proof>`; the empty one stands before the oldest message. */
export function placeOf(cursor: string): { readonly epoch: string; readonly offset: number } {
  const [epoch = '', offset = '0'] = cursor.split('.');
  return { epoch, offset: Number(offset) };
}

/** The cursor of a client that has the messages of the batch with this cursor up to this one. */
export function cursorAt(cursor: string, { offset }: Message): string {
  return cursor.replace(/\..*\./, `.${offset}.`);
}
