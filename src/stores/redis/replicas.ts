import type { Redis } from 'ioredis';
import type { SessionError } from '../../errors/session-error.js';
import { inTime } from './in-time.js';
import { asUnavailable, replicasMissing, storeUnavailable } from './unavailable.js';

/** The replicas that must have a write before the store acknowledges it. */
export interface ReplicaRule {
  readonly count: number;
  /** Maximum wait in milliseconds. */
  readonly timeout: number;
  /** Whether the server and these replicas must also have synced the write to their append-only files. */
  readonly fsync: boolean;
}

/** Asks a server whether its replicas have the writes of a connection. */
export class Replicas {
  readonly #rule: ReplicaRule;

  constructor(rule: ReplicaRule) {
    this.#rule = rule;
  }

  get timeout(): number {
    return this.#rule.timeout;
  }

  /**
   * Waits until enough replicas have all writes of this connection. The server carries out no other command of this
   * connection during the wait.
   * @throws SessionError `STORE_UNAVAILABLE`, unsure, with the number of replicas that had the writes in time
   */
  async wait(client: Redis): Promise<void> {
    const { count, timeout, fsync } = this.#rule;
    const { local, reached } = await this.#ask(client);
    const within = `within ${timeout} ms`;
    if (local < 1) throw this.#missing(`the server did not sync it to its append-only file ${within}`, reached);
    const verb = fsync ? 'had synced' : 'had';
    if (reached < count) throw this.#missing(`${reached} of ${count} replicas ${verb} it ${within}`, reached);
  }

  /**
   * Checks that the server knows the command, and permits it for this user.
   * @throws SessionError `STORE_UNAVAILABLE`
   */
  async requireSupport(client: Redis): Promise<void> {
    try {
      // Both commands end immediately, because they wait for no replica.
      await inTime<unknown>(this.#rule.fsync ? client.call('WAITAOF', 1, 0, 1) : client.wait(0, 1));
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (!/unknown command/i.test(text)) throw asUnavailable(error);
      throw storeUnavailable(`replicas.fsync needs WAITAOF, which Redis has since version 7.2: ${text}`, error);
    }
  }

  async #ask(client: Redis): Promise<{ readonly local: number; readonly reached: number }> {
    const { count, timeout, fsync } = this.#rule;
    try {
      const reply = await inTime<unknown>(
        fsync ? client.call('WAITAOF', 1, count, timeout) : client.wait(count, timeout),
        timeout,
      );
      // A client with the option `stringNumbers` returns numbers as text.
      return Array.isArray(reply)
        ? { local: Number(reply[0]), reached: Number(reply[1]) }
        : { local: 1, reached: Number(reply) };
    } catch (error) {
      // The connection broke, or the server became a replica. A wait on another connection would not cover these
      // writes.
      throw this.#missing(`it is not known which replicas had it: ${asUnavailable(error).message}`, 0, error);
    }
  }

  #missing(why: string, reached: number, cause?: unknown): SessionError {
    return replicasMissing(why, { needed: this.#rule.count, reached }, cause);
  }
}
