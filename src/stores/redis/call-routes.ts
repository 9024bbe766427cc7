import { CallQueue } from './call-queue.js';
import type { Call, Calls } from './calls.js';
import { makeWritingClient } from './client.js';
import { RedisConnection } from './connection.js';
import type { Keys } from './keys.js';
import type { Program } from './program.js';
import type { CheckedRedisOptions } from './redis-options.js';
import { Replicas } from './replicas.js';
import { ReplicatedCalls } from './replicated-calls.js';

/**
 * Operations whose writes the callers rely on once they are acknowledged. The list does not contain contacts, client
 * addresses, reads (which may park readers), acknowledgements of readers, and the work of the nodes. If a failover
 * loses such a write, it is done again, or a client receives something twice.
 */
const reliedOn: ReadonlySet<string> = new Set([
  'insert',
  'insertOnce',
  'patch',
  'patchAsBearer',
  'rotate',
  'rotateAndEndOthers',
  'reauthenticate',
  'replace',
  'end',
  'endAsBearer',
  'endAccount',
  'endSome',
  'append',
  'appendToEach',
  'appendToAccount',
  'inherit',
  'inheritSince',
  'surrender',
  'adopt',
  'alias',
]);

/** The separate connection for writes that wait for replicas. */
interface WritingRoute {
  readonly connection: RedisConnection;
  readonly calls: ReplicatedCalls;
}

/** Chooses the connection of each call. With `replicas`, the writes that callers rely on have a separate connection. */
export class CallRoutes implements Calls {
  readonly #connection: RedisConnection;
  readonly #queue: CallQueue;
  readonly #writing: WritingRoute | undefined;

  constructor(connection: RedisConnection, program: Program, keys: Keys, options: CheckedRedisOptions) {
    this.#connection = connection;
    this.#queue = new CallQueue(connection, program);
    if (options.replicas !== undefined) {
      const { replicas } = options;
      const own = new RedisConnection(options, () => makeWritingClient(options, replicas.timeout));
      this.#writing = {
        connection: own,
        calls: new ReplicatedCalls(own, program, keys, new Replicas(replicas)),
      };
    }
  }

  /**
   * @param onReady called whenever the connection for reads was lost and has been restored
   * @param onMoved called when the server of that connection is not the master any more, and when the master has been
   * found
   * @throws SessionError `STORE_UNAVAILABLE`, or `INVALID_CONTEXT` for a `keyPrefix` within `url`
   */
  async open(onReady: () => void, onMoved: () => void): Promise<void> {
    const writing = this.#writing;
    await this.#connection.open(onReady, (refusal) => {
      onMoved();
      // The other connection must look for the master, too: both lead to the same server.
      if (refusal !== undefined) writing?.connection.refusedAsNoMaster(refusal);
    });
    if (writing === undefined) return;
    try {
      await writing.connection.open(
        () => {},
        (refusal) => {
          if (refusal !== undefined) this.#connection.refusedAsNoMaster(refusal);
        },
      );
      await writing.calls.requireSupport();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#connection.close(), this.#writing?.connection.close()]);
  }

  call<Result>(call: Call<Result>): Promise<Result> {
    const writing = this.#writing?.calls;
    if (writing === undefined) return this.#queue.call(call);
    // A ping succeeds only if both connections are usable.
    if (call.operation === 'ping') {
      return Promise.all([this.#queue.call(call), writing.call(call)]).then(([answer]) => answer);
    }
    return reliedOn.has(call.operation) ? writing.call(call) : this.#queue.call(call);
  }

  async settle(): Promise<void> {
    await Promise.all([this.#queue.settle(), this.#writing?.calls.settle()]);
  }
}
