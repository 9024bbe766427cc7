import { invalidArgument, SessionError } from '../errors/session-error.js';
import { isPlainText } from '../validation/argument-rules.js';
import { type JsonValue, toJsonText } from '../validation/json-value.js';

/** A message that has no place in any mailbox yet: serialised once, whatever the number of its receivers. */
export interface OutgoingMessage {
  readonly json: string;
  /** Length of `json` in UTF-8. */
  readonly bytes: number;
  readonly key: string | undefined;
}

/** A message in its place in a mailbox. */
export class Message {
  /** The message's place in its mailbox: 1, 2, 3, … */
  readonly offset: number;
  /** When it was pushed, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly json: string;
  readonly bytes: number;
  readonly key: string | undefined;

  constructor(offset: number, at: number, outgoing: OutgoingMessage) {
    this.offset = offset;
    this.at = at;
    this.json = outgoing.json;
    this.bytes = outgoing.bytes;
    this.key = outgoing.key;
  }

  /** The pushed value, parsed anew at each call, so that no two receivers share one object. */
  get data(): JsonValue {
    return JSON.parse(this.json);
  }

  toJSON(): { offset: number; at: number; data: JsonValue } {
    return { offset: this.offset, at: this.at, data: this.data };
  }
}

/**
 * @throws SessionError `INVALID_ARGUMENT` for what is not JSON, `MESSAGE_TOO_LARGE` over `msgMaxBytes`
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
