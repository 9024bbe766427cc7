import { Container } from 'inversify';
import { Clock, GcProcessor, SessionManager, SessionStore, sessionModule } from '../../../src/index.js';
import { inPromiseLanes } from '../../support/flight.js';
import { ShiftingClock } from '../../support/shifting-clock.js';
import { MESSAGE, type Payload } from '../payload.js';
import { IDLE_TIME, IN_FLIGHT } from '../plan.js';
import type { SessionSubject } from '../subject.js';

const TOKEN_WIDTH = 64;
const ID_WIDTH = 24;
const APP = 'default';
const RENEWAL = { activity: true, ttl: undefined };
/**
 * No interval runs: the bench calls the sweep, and the clock set forward would turn all sessions `away` at the same
 * time.
 */
const NEVER = 2 ** 31 - 1;

export class SessionMailbox implements SessionSubject {
  readonly tokenWidth = TOKEN_WIDTH;
  readonly idWidth = ID_WIDTH;
  readonly rows = {
    get: (ids: readonly string[]): Promise<void> =>
      inPromiseLanes(ids, IN_FLIGHT, (id) => this.#manager.getSession(id)),
    touch: (ids: readonly string[]): Promise<void> =>
      inPromiseLanes(ids, IN_FLIGHT, (id) => this.#store.touch(APP, id, RENEWAL)),
    authenticate: (tokens: readonly string[]): Promise<void> =>
      inPromiseLanes(tokens, IN_FLIGHT, (token) => this.#manager.authenticate(token)),
    push: (ids: readonly string[]): Promise<void> =>
      inPromiseLanes(ids, IN_FLIGHT, (id) => this.#manager.push(id, MESSAGE)),
  };
  readonly #manager: SessionManager;
  readonly #store: SessionStore;
  readonly #gc: GcProcessor;
  readonly #clock: ShiftingClock;
  #hasAged = false;

  private constructor(manager: SessionManager, store: SessionStore, gc: GcProcessor, clock: ShiftingClock) {
    this.#manager = manager;
    this.#store = store;
    this.#gc = gc;
    this.#clock = clock;
  }

  static async open(): Promise<SessionMailbox> {
    const clock = new ShiftingClock();
    const container = new Container();
    container.bind(Clock).toConstantValue(clock);
    container.load(sessionModule({ gcTime: IDLE_TIME, gcInterval: NEVER, hbTime: NEVER }));
    const manager = await container.getAsync(SessionManager);
    const store = await container.getAsync(SessionStore);
    return new SessionMailbox(manager, store, await container.getAsync(GcProcessor), clock);
  }

  async create(payloads: readonly Payload[]): Promise<string[]> {
    const tokens: string[] = [];
    await inPromiseLanes(payloads, IN_FLIGHT, async ({ accountId, ip, userAgent }) => {
      tokens.push((await this.#manager.createSession(accountId, { ip, userAgent })).token);
    });
    return tokens;
  }

  /** Half an idle time passes between two calls: a session that the second call does not touch has then expired. */
  async expire(_expired: readonly string[], kept: Iterable<string>): Promise<void> {
    if (!this.#hasAged) this.#clock.advance(IDLE_TIME / 2);
    this.#hasAged = true;
    for (const id of kept) await this.#store.touch(APP, id, RENEWAL);
    this.#clock.advance(IDLE_TIME / 2);
  }

  sweep(): Promise<void> {
    return this.#gc.sweep();
  }

  async size(): Promise<number> {
    let count = 0;
    for await (const ids of this.#store.scanApp(APP, 10_000)) count += ids.length;
    return count;
  }
}
