import { batchFor, type Call, type CallBatch, type Calls, refusalIn, requireReply } from './calls.js';
import type { RedisConnection } from './connection.js';
import { inTime } from './in-time.js';
import { keysOf } from './keys.js';
import { isFromNoMaster } from './master.js';
import { isUnknownScript, type Program } from './program.js';
import type { Reply } from './reply-decoders.js';
import { callsFailed, storeUnavailable } from './unavailable.js';

/**
 * Sends calls to the program. The calls of one turn of the event loop are sent in order as one command (up to
 * `mostWeight`; on a Cluster, one command for each bucket), because a command costs more in the client library than in
 * the server.
 */
export class CallQueue implements Calls {
  readonly #connection: RedisConnection;
  readonly #program: Program;
  /** The batches of each lane. The last batch is being filled, the others are full. */
  readonly #lanes = new Map<string, CallBatch[]>();
  readonly #underWay = new Set<Promise<void>>();
  /** The batches that are sent and not answered. */
  readonly #sent = new Set<Promise<Reply>>();
  /**
   * Set while batches are sent again because the server did not know the program. Resolves when all batches that were
   * sent before are answered. Later batches wait for it, so that they do not overtake those.
   */
  #resending: Promise<unknown> | undefined;

  constructor(connection: RedisConnection, program: Program) {
    this.#connection = connection;
    this.#program = program;
  }

  call<Result>(call: Call<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      // Without this check ioredis might wait until the connection is restored.
      this.#connection.requireReady();
      batchFor(this.#laneOf(call.bucket), call.weight).add(call, resolve, reject);
    });
  }

  async settle(): Promise<void> {
    this.#flush();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #laneOf(bucket: string): CallBatch[] {
    const name = this.#connection.isCluster ? bucket : '';
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      if (this.#lanes.size === 0) setImmediate(() => this.#flush());
      lane = [];
      this.#lanes.set(name, lane);
    }
    return lane;
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

  async #run(batch: CallBatch): Promise<void> {
    try {
      const replies = await inTime(this.#inOrder(batch));
      const refusal = refusalIn(replies);
      if (refusal === undefined) {
        batch.answer(replies);
        return;
      }
      this.#connection.refusedAsNoMaster(refusal);
      batch.fail(storeUnavailable(refusal));
    } catch (error) {
      if (error instanceof Error && isFromNoMaster(error.message)) this.#connection.refusedAsNoMaster(error.message);
      batch.fail(callsFailed(error));
    }
  }

  async #inOrder(batch: CallBatch): Promise<Reply> {
    while (this.#resending !== undefined) await this.#resending;
    const reply = this.#evaluate(batch);
    this.#sent.add(reply);
    try {
      return await reply;
    } finally {
      this.#sent.delete(reply);
    }
  }

  async #evaluate({ keys: named, args }: CallBatch): Promise<Reply> {
    const { client, isCluster } = this.#connection;
    const { sha, text } = this.#program;
    const keys = keysOf(named, isCluster);
    try {
      return requireReply(await client.evalsha(sha, keys.length, ...keys, ...args));
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      const ended = () => {
        this.#resending = undefined;
      };
      this.#resending ??= inTime(Promise.allSettled(this.#sent)).then(ended, ended);
      return requireReply(await client.eval(text, keys.length, ...keys, ...args));
    }
  }
}
