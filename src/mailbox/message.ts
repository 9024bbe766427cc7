import { invalidArgument, SessionError } from '../errors/session-error.js';
import { isPlainText } from '../validation/argument-rules.js';
import { type JsonValue, toJsonText } from '../validation/json-value.js';

/** A message before it is appended: serialised once for all receivers. */
export interface OutgoingMessage {
  readonly json: string;
  /** Length of `json` in UTF-8. */
  readonly bytes: number;
  /** A later message with this key replaces this one, while it is retained. */
  readonly key: string | undefined;
}

/** A message in a mailbox. */
export class Message {
  /** 1, 2, 3, … in each mailbox. */
  readonly offset: number;
  /** When it was appended, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly json: string;
  /** Length of `json` in UTF-8. */
  readonly bytes: number;
  readonly key: string | undefined;

  constructor(offset: number, at: number, outgoing: OutgoingMessage) {
    this.offset = offset;
    this.at = at;
    this.json = outgoing.json;
    this.bytes = outgoing.bytes;
    this.key = outgoing.key;
  }

  /** Start of its age: `at`, unless the clock was set since. `at` must not change: it is the proof of cursors. */
  get agesFrom(): number {
    return this.at;
  }

  /** The pushed value. Each call parses it again, so that receivers don't share an object. */
  get data(): JsonValue {
    return JSON.parse(this.json);
  }

  toJSON(): { offset: number; at: number; data: JsonValue } {
    return { offset: this.offset, at: this.at, data: this.data };
  }
}

/**
 * @throws SessionError `INVALID_ARGUMENT` for a value that is not JSON, `MESSAGE_TOO_LARGE` over `msgMaxBytes`
 */
export function serialiseMessage(data: unknown, key: unknown, msgMaxBytes: number): OutgoingMessage {
  return outgoingMessage(toJsonText('data', data), key, msgMaxBytes);
}

/** `serialiseMessage` for a JSON text, which is not parsed again. */
export function outgoingMessage(json: string, key: unknown, msgMaxBytes: number): OutgoingMessage {
  const bytes = Buffer.byteLength(json);
  if (bytes > msgMaxBytes) {
    const text = `The message's JSON must be at most msgMaxBytes (${msgMaxBytes}) bytes; got ${bytes}`;
    throw new SessionError('MESSAGE_TOO_LARGE', text, { bytes, msgMaxBytes });
  }
  return { json, bytes, key: key === undefined ? undefined : requireMessageKey(key) };
}

export function requireMessageKey(value: unknown): string {
  if (isPlainText(value, 128) && value !== '') return value;
  throw invalidArgument('key', 'must be a string of 1 to 128 characters without control characters', value);
}
