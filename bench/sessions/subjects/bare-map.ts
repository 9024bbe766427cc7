import { inLoop } from '../../support/flight.js';
import { MESSAGE, type Payload } from '../payload.js';
import { IDLE_TIME } from '../plan.js';
import type { SessionSubject } from '../subject.js';
import { ID_WIDTH, newId } from './session-id.js';

interface MapSession extends Payload {
  expires: number;
  messages: unknown[] | undefined;
}

/** The lower bound: the cost of the language itself. */
export class BareMap implements SessionSubject {
  readonly tokenWidth = ID_WIDTH;
  readonly idWidth = ID_WIDTH;
  readonly rows = {
    get: (ids: readonly string[]): void => inLoop(ids, (id) => this.#live(id)),
    touch: (ids: readonly string[]): void => inLoop(ids, (id) => this.#touch(id)),
    authenticate: (ids: readonly string[]): void => inLoop(ids, (id) => this.#touch(id)),
    push: (ids: readonly string[]): void => inLoop(ids, (id) => this.#push(id)),
  };
  readonly #sessions = new Map<string, MapSession>();

  async create(payloads: readonly Payload[]): Promise<string[]> {
    return payloads.map(({ accountId, ip, userAgent }) => {
      const id = newId();
      this.#sessions.set(id, { accountId, ip, userAgent, expires: Date.now() + IDLE_TIME, messages: undefined });
      return id;
    });
  }

  expire(expired: readonly string[]): void {
    for (const id of expired) this.#live(id).expires = 0;
  }

  async sweep(): Promise<void> {
    const now = Date.now();
    for (const [id, session] of this.#sessions) if (session.expires <= now) this.#sessions.delete(id);
  }

  size(): number {
    return this.#sessions.size;
  }

  #live(id: string): MapSession {
    const session = this.#sessions.get(id);
    if (session === undefined || session.expires <= Date.now()) throw new Error(`no session ${id}`);
    return session;
  }

  #touch(id: string): void {
    this.#live(id).expires = Date.now() + IDLE_TIME;
  }

  #push(id: string): void {
    const session = this.#live(id);
    session.messages ??= [];
    session.messages.push(JSON.stringify(MESSAGE));
  }
}
