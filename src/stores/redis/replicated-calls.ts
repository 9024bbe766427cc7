import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { SessionError } from '../../errors/session-error.js';
import { batchFor, type Call, CallBatch, type Calls, refusalIn, requireReply } from './calls.js';
import type { RedisConnection } from './connection.js';
import { inTime } from './in-time.js';
import { type Keys, keysOf } from './keys.js';
import { isFromNoMaster } from './master.js';
import { Masters } from './masters.js';
import { isUnknownScript, type Program } from './program.js';
import { type Redirection, redirectionIn } from './redirection.js';
import type { Replicas } from './replicas.js';
import { accepted, type Reply } from './reply-decoders.js';
import { asUnavailable, callsFailed, storeUnavailable } from './unavailable.js';

/** Maximum number of times that a batch which no server carries out is sent. The default of ioredis is the same. */
const mostAttempts = 16;
/** Maximum number of times that a Cluster is asked for the master of a bucket, before the calls of the bucket fail. */
const mostSearches = 2;
/** Milliseconds before the next attempt while a Cluster moves slots or is down. */
const pauseMs = 100;

/** Calls of one bucket (on a single server: of all buckets) on their way to the master. */
interface Sending {
  readonly bucket: string;
  readonly batch: CallBatch;
  /** Whether to send the text of the program, because the server did not know its SHA-1. */
  readonly byText: boolean;
  /**
   * The server to which a Cluster that is moving the slot redirected the calls; `undefined`: the master of the bucket.
   */
  readonly askAt: string | undefined;
  readonly attempts: number;
}

/** Calls to one master. */
interface Lane {
  /** The calls that are not sent yet, by bucket. */
  waiting: Map<string, CallBatch[]>;
  isRunning: boolean;
}

/**
 * Sends calls that are acknowledged only when enough replicas have their writes. `WAIT` covers only the writes of its
 * own connection, and blocks this connection. Therefore these calls have a separate connection, so that no other call
 * has to wait.
 *
 * During a wait for the replicas of one master, this class collects further calls to that master, and then sends them
 * together, followed by one `WAIT`. It sends the calls and `WAIT` in one turn of the event loop, so that both use the
 * same connection. If this connection breaks, the calls fail as unsure: a `WAIT` on the next connection would not cover
 * them.
 */
export class ReplicatedCalls implements Calls {
  readonly #connection: RedisConnection;
  readonly #program: Program;
  readonly #keys: Keys;
  readonly #replicas: Replicas;
  readonly #masters: Masters;
  readonly #lanes = new Map<string, Lane>();
  readonly #underWay = new Set<Promise<void>>();

  constructor(connection: RedisConnection, program: Program, keys: Keys, replicas: Replicas) {
    this.#connection = connection;
    this.#program = program;
    this.#keys = keys;
    this.#replicas = replicas;
    this.#masters = new Masters(connection);
  }

  /** @throws SessionError `STORE_UNAVAILABLE` when a server does not support or permit the wait for replicas */
  async requireSupport(): Promise<void> {
    await Promise.all(this.#masters.all().map((master) => this.#replicas.requireSupport(master)));
  }

  call<Result>(call: Call<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#connection.requireReady();
      const { bucket, weight } = call;
      const lane = this.#laneOf(this.#masters.nameOf(bucket));
      const name = this.#connection.isCluster ? bucket : '';
      const batches = lane.waiting.get(name) ?? [];
      lane.waiting.set(name, batches);
      batchFor(batches, weight).add(call, resolve, reject);
      if (!lane.isRunning) this.#start(lane);
    });
  }

  async settle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #laneOf(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { waiting: new Map(), isRunning: false };
      this.#lanes.set(name, lane);
    }
    return lane;
  }

  #start(lane: Lane): void {
    lane.isRunning = true;
    const running = this.#run(lane).finally(() => this.#underWay.delete(running));
    this.#underWay.add(running);
  }

  async #run(lane: Lane): Promise<void> {
    // Wait until the end of this turn of the event loop, to send all its calls together.
    await new Promise(setImmediate);
    while (lane.waiting.size > 0) {
      const sendings = [...lane.waiting].flatMap(([name, batches]) =>
        batches.map((batch) => this.#prepared(name, batch)),
      );
      lane.waiting = new Map();
      await this.#send(sendings);
    }
    lane.isRunning = false;
  }

  #prepared(name: string, batch: CallBatch): Sending {
    const bucket = name === '' ? (this.#keys.buckets[0] ?? '') : name;
    const mark = { bucket, operation: 'mark', keys: [this.#keys.mark(bucket)], args: [], decode: accepted };
    // `#answer` checks the reply of the mark.
    const ignore = () => {};
    batch.add(mark, ignore, ignore);
    return { bucket, batch, byText: false, askAt: undefined, attempts: 1 };
  }

  /** Sends until every batch is answered or has failed. Never rejects. */
  async #send(sendings: readonly Sending[]): Promise<void> {
    let left = sendings;
    while (left.length > 0) {
      const byMaster = new Map<Redis, Sending[]>();
      const again: Promise<readonly Sending[]>[] = [];
      for (const sending of left) {
        const master = this.#masterFor(sending);
        if (master === undefined) again.push(this.#searched(sending));
        else byMaster.set(master, [...(byMaster.get(master) ?? []), sending]);
      }
      for (const [master, group] of byMaster) again.push(this.#sendTo(master, group));
      left = (await Promise.all(again)).flat();
    }
  }

  #masterFor({ bucket, askAt }: Sending): Redis | undefined {
    return askAt === undefined ? this.#masters.of(bucket) : this.#masters.at(askAt);
  }

  /** @returns the batches that no server has carried out, to be sent again */
  async #sendTo(master: Redis, group: readonly Sending[]): Promise<readonly Sending[]> {
    const time = this.#replicas.timeout;
    const replies = Promise.allSettled(group.map((sending) => inTime(this.#evaluate(master, sending), time)));
    const waiting = this.#replicas.wait(master).then(
      () => undefined,
      (error) => asUnavailable(error),
    );
    const [settled, unsure] = await Promise.all([replies, waiting]);
    if (unsure !== undefined) this.#noteRefusal(unsure.cause);
    const again: Promise<readonly Sending[]>[] = [];
    for (const [index, sending] of group.entries()) {
      const result = settled[index];
      if (result?.status === 'fulfilled') this.#answer(sending.batch, result.value, unsure);
      else again.push(this.#failed(sending, result?.reason));
    }
    return (await Promise.all(again)).flat();
  }

  async #evaluate(master: Redis, { batch, byText, askAt }: Sending): Promise<Reply> {
    const { sha, text } = this.#program;
    if (askAt !== undefined) master.asking().catch(() => {});
    const keys = keysOf(batch.keys, this.#connection.isCluster);
    const rest = [keys.length, ...keys, ...batch.args] as const;
    return requireReply(await (byText ? master.eval(text, ...rest) : master.evalsha(sha, ...rest)));
  }

  #answer(batch: CallBatch, replies: Reply, unsure: SessionError | undefined): void {
    const refusal = refusalIn(replies);
    if (refusal !== undefined) {
      this.#connection.refusedAsNoMaster(refusal);
      batch.fail(storeUnavailable(refusal));
      return;
    }
    batch.answer(replies, unsure ?? markRefusal(replies.at(-1)));
  }

  async #failed(sending: Sending, error: unknown): Promise<readonly Sending[]> {
    if (isUnknownScript(error)) return [{ ...sending, byText: true }];
    const redirection = this.#connection.isCluster ? redirectionIn(error) : undefined;
    if (redirection !== undefined) return this.#redirected(sending, redirection);
    this.#noteRefusal(error);
    sending.batch.fail(callsFailed(error));
    return [];
  }

  /** Asks the Cluster again for the master of a bucket whose master is not known or was removed. */
  async #searched(sending: Sending): Promise<readonly Sending[]> {
    if (sending.attempts <= mostSearches) return this.#redirected(sending, { kind: 'moved', askAt: undefined });
    sending.batch.fail(storeUnavailable('The master of a bucket is not known'));
    return [];
  }

  async #redirected(sending: Sending, redirection: Redirection): Promise<readonly Sending[]> {
    const { kind, askAt } = redirection;
    if (sending.attempts >= mostAttempts) {
      sending.batch.fail(callsFailed(redirection.error));
      return [];
    }
    if (kind === 'later' || sending.attempts > 2) await delay(pauseMs, undefined, { ref: false });
    if (kind !== 'ask') await this.#masters.refresh();
    return [{ ...sending, askAt, attempts: sending.attempts + 1 }];
  }

  #noteRefusal(error: unknown): void {
    if (error instanceof Error && isFromNoMaster(error.message)) this.#connection.refusedAsNoMaster(error.message);
  }
}

/**
 * Returns the error if the mark was not written: then `WAIT` may not have covered all data that the replies rely on.
 */
function markRefusal(reply: unknown): SessionError | undefined {
  try {
    accepted(requireReply(reply));
    return undefined;
  } catch (error) {
    return asUnavailable(error);
  }
}
