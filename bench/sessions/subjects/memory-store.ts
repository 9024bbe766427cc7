import expressSession, { type SessionData } from 'express-session';
import { inCallbackLanes } from '../../support/flight.js';
import type { Payload } from '../payload.js';
import { IDLE_TIME, IN_FLIGHT } from '../plan.js';
import type { SessionSubject } from '../subject.js';
import { ID_WIDTH, newId } from './session-id.js';

type Stored = SessionData & Payload;

/** express-session's MemoryStore, called back by `setImmediate`. */
export class ExpressMemoryStore implements SessionSubject {
  readonly tokenWidth = ID_WIDTH;
  readonly idWidth = ID_WIDTH;
  readonly rows = {
    get: (ids: readonly string[]): Promise<void> =>
      inCallbackLanes(ids, IN_FLIGHT, (id, done) =>
        this.#store.get(id, (_, session) => {
          found(session);
          done();
        }),
      ),
    touch: (ids: readonly string[]): Promise<void> =>
      inCallbackLanes(ids, IN_FLIGHT, (id, done) =>
        this.#store.touch(id, { cookie: cookieUntil(IDLE_TIME) }, () => done()),
      ),
    authenticate: (ids: readonly string[]): Promise<void> =>
      inCallbackLanes(ids, IN_FLIGHT, (id, done) =>
        this.#store.get(id, (_, session) => {
          const live = found(session);
          live.cookie = cookieUntil(IDLE_TIME);
          this.#store.touch(id, live, () => done());
        }),
      ),
  };
  readonly #store = new expressSession.MemoryStore();

  async create(payloads: readonly Payload[]): Promise<string[]> {
    const ids: string[] = [];
    await inCallbackLanes(payloads, IN_FLIGHT, ({ accountId, ip, userAgent }, done) => {
      const id = newId();
      ids.push(id);
      const session: Stored = { cookie: cookieUntil(IDLE_TIME), accountId, ip, userAgent };
      this.#store.set(id, session, done);
    });
    return ids;
  }

  expire(expired: readonly string[]): Promise<void> {
    return inCallbackLanes(expired, IN_FLIGHT, (id, done) =>
      this.#store.get(id, (_, session) => this.#store.set(id, { ...found(session), cookie: cookieUntil(-1) }, done)),
    );
  }

  /** MemoryStore reclaims while it reads: listing all sessions is its sweep, and its full scan. */
  sweep(): Promise<void> {
    return new Promise((resolve) => this.#store.all(() => resolve()));
  }

  size(): undefined {
    return undefined;
  }
}

/** The default cookie of express-session in serialised form; plain data is cheaper for the store than the class. */
function cookieUntil(maxAge: number): SessionData['cookie'] {
  return {
    originalMaxAge: maxAge,
    expires: new Date(Date.now() + maxAge),
    httpOnly: true,
    path: '/',
  };
}

function found(session: SessionData | null | undefined): SessionData {
  if (session === undefined || session === null) throw new Error('no such session');
  return session;
}
