import type { RedisConnection } from './connection.js';
import { inTime } from './in-time.js';
import { isFromNoMaster } from './master.js';
import type { Program } from './program.js';
import type { Reply } from './reply-decoders.js';
import { asUnavailable, storeUnavailable } from './unavailable.js';

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

/** Receives one reply. */
type Receiver = (reply: unknown, error: unknown) => void;

/** Calls that are sent as one command: their keys, arguments and receivers, in the same order. */
class CallBatch {
  readonly keys: string[] = [];
  readonly args: Argument[] = [];
  readonly receivers: Receiver[] = [];
  weight = 0;

  add({ operation, keys, args }: Omit<Call<unknown>, 'decode' | 'bucket'>, weight: number, receiver: Receiver): void {
    for (const key of keys) this.keys.push(key);
    this.args.push(operation, args.length);
    for (const argument of args) this.args.push(argument);
    this.receivers.push(receiver);
    this.weight += weight;
  }
}

/**
 * Sends calls to the program. All calls of one turn of the event loop are sent in order as one command, because a command
 * costs more in the client library than in the server. On a Cluster all calls of one bucket are.
 */
export class CallQueue {
  readonly #connection: RedisConnection;
  readonly #program: Program;
  /** Of each lane: the full batches, and the one that is being filled. */
  readonly #lanes = new Map<string, CallBatch[]>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(connection: RedisConnection, program: Program) {
    this.#connection = connection;
    this.#program = program;
  }

  /** @throws SessionError `STORE_UNAVAILABLE`, and what `decode` throws */
  call<Result>(call: Call<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      // ioredis would wait until the connection is restored.
      this.#connection.requireReady();
      const { decode, weight = 1 } = call;
      // Decoded here, not by the caller: that saves a promise for each call.
      this.#batchFor(call.bucket, weight).add(call, weight, (reply, error) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        try {
          resolve(decode(requireReply(reply)));
        } catch (refusal) {
          reject(refusal);
        }
      });
    });
  }

  /** Resolves when every call has its reply. */
  async settle(): Promise<void> {
    this.#flush();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #batchFor(bucket: string, weight: number): CallBatch {
    const lane = this.#connection.isCluster ? bucket : '';
    let batches = this.#lanes.get(lane);
    if (batches === undefined) {
      if (this.#lanes.size === 0) setImmediate(() => this.#flush());
      batches = [];
      this.#lanes.set(lane, batches);
    }
    let batch = batches.at(-1);
    if (batch === undefined || batch.weight + weight > mostWeight) {
      batch = new CallBatch();
      batches.push(batch);
    }
    return batch;
  }

  #flush(): void {
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    for (const batches of lanes) for (const batch of batches) this.#send(batch);
  }

  #send(batch: CallBatch): void {
    const sending = this.#run(batch).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  async #run({ keys, args, receivers }: CallBatch): Promise<void> {
    try {
      const replies = await inTime(this.#evaluate(keys.length, [...keys, ...args]));
      const refusal = refusalIn(replies);
      if (refusal !== undefined) throw new Error(refusal);
      for (const [index, receive] of receivers.entries()) receive(replies[index], undefined);
    } catch (error) {
      if (error instanceof Error && isFromNoMaster(error.message)) this.#connection.refusedAsNoMaster(error.message);
      const unavailable = asUnavailable(error);
      for (const receive of receivers) receive(undefined, unavailable);
    }
  }

  async #evaluate(numberOfKeys: number, rest: readonly Argument[]): Promise<Reply> {
    const { client } = this.#connection;
    const { sha, text } = this.#program;
    try {
      return requireReply(await client.evalsha(sha, numberOfKeys, ...rest));
    } catch (error) {
      // The server was restarted or its scripts were flushed; nothing was run.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return requireReply(await client.eval(text, numberOfKeys, ...rest));
    }
  }
}

/**
 * What a server that is not the master refused a call with, if it did. The other calls of the run then read what may be out
 * of date, and wrote nothing.
 */
function refusalIn(replies: Reply): string | undefined {
  for (const reply of replies) {
    if (Array.isArray(reply) && reply[0] === 'error' && isFromNoMaster(String(reply[1]))) return String(reply[1]);
  }
  return undefined;
}

function requireReply(reply: unknown): Reply {
  if (Array.isArray(reply)) return reply;
  throw storeUnavailable('The reply is not a list');
}
