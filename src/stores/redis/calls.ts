import type { SessionError } from '../../errors/session-error.js';
import { isFromNoMaster } from './master.js';
import type { Reply } from './reply-decoders.js';
import { storeUnavailable } from './unavailable.js';

/**
 * Ordinary calls in one run of the program: it blocks the server for a fraction of a millisecond. A call of this weight gets
 * a run of its own.
 */
export const mostWeight = 100;

export type Argument = string | number;

/** A call of one operation of the program. */
export interface Call<Result> {
  readonly bucket: string;
  readonly operation: string;
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
  /** Turns the reply into the result, or throws the refusal that it holds. */
  readonly decode: (reply: Reply) => Result;
  /** How much work the call is; an ordinary one is 1. */
  readonly weight?: number;
}

/** Sends calls to the program. */
export interface Calls {
  /** @throws SessionError `STORE_UNAVAILABLE`, and what `decode` throws */
  call<Result>(call: Call<Result>): Promise<Result>;
  /** Resolves when every call has its reply. */
  settle(): Promise<void>;
}

/** Receives the reply of one call, or the error; both when the call succeeded, and it is unsure whether that lasts. */
type Receiver = (reply: unknown, error: SessionError | undefined) => void;

/** Calls that are sent as one command: their keys, arguments and receivers, in the same order. */
export class CallBatch {
  readonly keys: string[] = [];
  readonly args: Argument[] = [];
  readonly #receivers: Receiver[] = [];
  #weight = 0;

  hasRoomFor(weight: number): boolean {
    return this.#weight === 0 || this.#weight + weight <= mostWeight;
  }

  add<Result>(call: Call<Result>, resolve: (result: Result) => void, reject: (error: unknown) => void): void {
    const { operation, keys, args, decode, weight = 1 } = call;
    for (const key of keys) this.keys.push(key);
    this.args.push(operation, args.length);
    for (const argument of args) this.args.push(argument);
    this.#weight += weight;
    // Decoded here, not by the caller: that saves a promise for each call.
    this.#receivers.push((reply, error) => {
      if (reply === undefined && error !== undefined) {
        reject(error);
        return;
      }
      try {
        const result = decode(requireReply(reply));
        if (error === undefined) resolve(result);
        else reject(error);
      } catch (refusal) {
        reject(refusal);
      }
    });
  }

  /** @param unsure the error of the calls that succeeded; those that were refused have changed nothing, and say why */
  answer(replies: Reply, unsure?: SessionError): void {
    for (const [index, receive] of this.#receivers.entries()) receive(replies[index], unsure);
  }

  fail(error: SessionError): void {
    for (const receive of this.#receivers) receive(undefined, error);
  }
}

/** The last of the batches if it has room, else a new one. */
export function batchFor(batches: CallBatch[], weight = 1): CallBatch {
  const last = batches.at(-1);
  if (last?.hasRoomFor(weight)) return last;
  const batch = new CallBatch();
  batches.push(batch);
  return batch;
}

/**
 * What a server that is not the master refused a call with, if it did. The other calls of the run then read what may be out
 * of date, and wrote nothing.
 */
export function refusalIn(replies: Reply): string | undefined {
  for (const reply of replies) {
    if (Array.isArray(reply) && reply[0] === 'error' && isFromNoMaster(String(reply[1]))) return String(reply[1]);
  }
  return undefined;
}

/** @throws SessionError `STORE_UNAVAILABLE` */
export function requireReply(reply: unknown): Reply {
  if (Array.isArray(reply)) return reply;
  throw storeUnavailable('The reply is not a list');
}
