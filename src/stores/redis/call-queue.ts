import type { RedisConnection } from './connection.js';
import type { Program } from './program.js';
import type { Reply } from './replies.js';
import { asUnavailable, storeUnavailable } from './unavailable.js';

/** Calls in one script run, where none is heavy: a fraction of a millisecond during which the server serves nobody else. */
const mostWeight = 100;

/**
 * How long to wait for an answer. Milliseconds. The library has a time limit of its own, but not for every place where a
 * command may wait, and none for the application's client: a call that stays open for ever would hold up a poll for ever.
 */
const answerTime = 10_000;

export type Argument = string | number;

/** One operation of the program. */
export interface Call<Result> {
  readonly bucket: string;
  readonly operation: string;
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
  /** Makes of the reply what the caller wants of it, or throws what the caller is to be told. */
  readonly decode: (reply: Reply) => Result;
  /** How much work it is, where an ordinary call is 1. */
  readonly weight?: number;
}

/** Whoever waits for one reply. */
type Receiver = (reply: unknown, error: unknown) => void;

/** Calls that travel together: their keys, their arguments, and who waits, in the same order. */
class Batch {
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
 * Sends calls to the program. All that come in one turn of the event loop travel together, in their order, as one
 * command: the client library costs more by the command than the server does, and a busy server's calls come in crowds.
 * On a Cluster those of one bucket travel together.
 */
export class CallQueue {
  readonly #connection: RedisConnection;
  readonly #program: Program;
  /** Full batches, and the one that fills up, of each lane. */
  readonly #lanes = new Map<string, Batch[]>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(connection: RedisConnection, program: Program) {
    this.#connection = connection;
    this.#program = program;
  }

  /** @throws SessionError `STORE_UNAVAILABLE`, and whatever `decode` throws */
  call<Result>(call: Call<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      // The library would wait for the connection to come back.
      if (!this.#connection.isReady) throw storeUnavailable('It is not connected');
      const { decode, weight = 1 } = call;
      // Decoded here and not by whoever awaits: a promise less for every call under way.
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

  /** Resolves when every call has been answered. */
  async settle(): Promise<void> {
    this.#flush();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #batchFor(bucket: string, weight: number): Batch {
    const lane = this.#connection.isCluster ? bucket : '';
    let batches = this.#lanes.get(lane);
    if (batches === undefined) {
      if (this.#lanes.size === 0) setImmediate(() => this.#flush());
      batches = [];
      this.#lanes.set(lane, batches);
    }
    let batch = batches.at(-1);
    if (batch === undefined || batch.weight + weight > mostWeight) {
      batch = new Batch();
      batches.push(batch);
    }
    return batch;
  }

  #flush(): void {
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    for (const batches of lanes) for (const batch of batches) this.#send(batch);
  }

  #send(batch: Batch): void {
    const sending = this.#run(batch).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  async #run({ keys, args, receivers }: Batch): Promise<void> {
    try {
      const replies = await answered(this.#evaluate(keys.length, [...keys, ...args]));
      for (const [index, receive] of receivers.entries()) receive(replies[index], undefined);
    } catch (error) {
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
      // The server was restarted, or its scripts were flushed; nothing was carried out.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return requireReply(await client.eval(text, numberOfKeys, ...rest));
    }
  }
}

/** @throws SessionError `STORE_UNAVAILABLE` when no answer comes in time */
function answered(replies: Promise<Reply>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const late = () => reject(storeUnavailable(`There was no answer within ${answerTime} ms`));
    const timer = setTimeout(late, answerTime);
    replies.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function requireReply(reply: unknown): Reply {
  if (Array.isArray(reply)) return reply;
  throw storeUnavailable('The program answered no list');
}
