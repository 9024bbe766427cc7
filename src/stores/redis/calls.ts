import type { SessionError } from '../../errors/session-error.js';
import { isFromNoMaster } from './master.js';
import type { Reply } from './reply-decoders.js';
import { storeUnavailable } from './unavailable.js';

/**
 * Maximum weight of the calls in one run of the program. A run of this many ordinary calls blocks the server for a
 * fraction of a millisecond. A call of this weight gets a separate run.
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
  /** The work that the call makes, relative to an ordinary call. Default 1. */
  readonly weight?: number;
}

/** Sends calls to the program. */
export interface Calls {
  /** @throws SessionError `STORE_UNAVAILABLE`, and what `decode` throws */
  call<Result>(call: Call<Result>): Promise<Result>;
  /** Resolves when every call has its reply. */
  settle(): Promise<void>;
}

/** Receives the reply of one call, or the error; or both if the call succeeded, but its writes may still be lost. */
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
    // Decoding here, and not in the caller, saves a promise for each call.
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

  /**
   * @param unsure error for the calls that succeeded; a refused call has changed nothing, and fails with its refusal
   */
  answer(replies: Reply, unsure?: SessionError): void {
    for (const [index, receive] of this.#receivers.entries()) receive(replies[index], unsure);
  }

  fail(error: SessionError): void {
    for (const receive of this.#receivers) receive(undefined, error);
  }
}

/** Returns the last batch if it has room, else adds a new batch. */
export function batchFor(batches: CallBatch[], weight = 1): CallBatch {
  const last = batches.at(-1);
  if (last?.hasRoomFor(weight)) return last;
  const batch = new CallBatch();
  batches.push(batch);
  return batch;
}

/**
 * Returns the error with which a server that is not the master refused a call, if any. In that case the other calls of
 * the run wrote nothing, and may have read outdated data.
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
