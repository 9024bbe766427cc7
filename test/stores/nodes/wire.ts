import {
  type CloseReason,
  Message,
  SessionError,
  type SessionErrorCode,
  type SessionErrorDetails,
} from '../../../src/index.js';
import type { HostedStore } from './hosted-store.js';

/** An order to a node. `next` and `leave` continue an iteration that `iterate` started. */
export type StoreOrder =
  | { readonly kind: 'open'; readonly store: number; readonly hosted: HostedStore }
  | { readonly kind: 'call' | 'iterate'; readonly store: number; readonly method: string; readonly args: unknown[] }
  | { readonly kind: 'next' | 'leave'; readonly iteration: number };

type PlainMessage = Pick<Message, 'offset' | 'at' | 'json' | 'bytes' | 'key'>;

export interface PlainError {
  readonly code: SessionErrorCode | undefined;
  readonly message: string;
  readonly details: object;
}

export type Outcome = { readonly value: unknown } | { readonly error: PlainError };

/** A call on the listener of a store. */
export type ListenerCall =
  | readonly ['appended', string, string, string, Message, number]
  | readonly ['changed', string, string]
  | readonly ['closed', string, string, CloseReason]
  | readonly ['rotated', string, string, number]
  | readonly ['superseded', string, string, string, number]
  | readonly ['missed'];

/** An event of a node: a call on the listener of one of its stores. */
export interface Heard {
  readonly store: number;
  readonly heard: ListenerCall;
}

export function plainError(error: unknown): PlainError {
  if (SessionError.is(error)) return { code: error.code, message: error.message, details: { ...error.details } };
  return {
    code: undefined,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    details: {},
  };
}

export function revivedError({ code, message, details }: PlainError): Error {
  if (code === undefined) return new Error(`A node failed: ${message}`);
  return new SessionError(code, message, details as SessionErrorDetails[SessionErrorCode]);
}

/** Restores what the copy between processes loses: the class of messages, and attributes without a prototype. */
export function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, key === 'attributes' ? texts(each) : revived(each)]);
  const copy = Object.fromEntries(entries);
  return isMessage(copy) ? revivedMessage(copy) : copy;
}

export function revivedMessage({ offset, at, ...outgoing }: PlainMessage): Message {
  return new Message(offset, at, outgoing);
}

function isMessage(value: object): value is PlainMessage {
  return 'json' in value && 'offset' in value && 'at' in value;
}

function texts(attributes: unknown): object {
  return Object.assign(Object.create(null), attributes);
}
