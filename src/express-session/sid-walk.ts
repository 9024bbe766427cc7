import type { Session } from '../service/session.js';
import { sidAttribute } from './attribute-names.js';
import { Closed, orClosed } from './closed.js';
import { bindingOf, type SessionReader, type SidState } from './session-reader.js';
import type { SidSessions } from './sid-sessions.js';

const pageSize = 500;

export interface SidWithState extends SidState {
  readonly sid: string;
}

/** Visits all sids that have a session, page by page. */
export class SidWalk {
  readonly #sidSessions: SidSessions;
  readonly #reader: SessionReader;

  constructor(sidSessions: SidSessions, reader: SessionReader) {
    this.#sidSessions = sidSessions;
    this.#reader = reader;
  }

  /** The live sids, in pages. */
  async *live(): AsyncGenerator<readonly SidWithState[], void> {
    for await (const visitors of this.#visitors()) {
      const states = await Promise.all(visitors.map((visitor) => this.#stateOf(visitor)));
      yield states.filter((state) => state !== undefined);
    }
  }

  /** Closes all sessions of all sids, login sessions included. A sid that is created during the walk may stay. */
  async closeAll(): Promise<void> {
    const { logins, visitors } = this.#sidSessions;
    for await (const page of this.#visitors()) {
      const ids = page.map((visitor) => this.#reader.loginOf(sidOf(visitor) ?? '', bindingOf(visitor))?.id);
      await Promise.all(ids.map((id) => (id === undefined ? false : logins.closeSession(id, 'revoked'))));
      await Promise.all(page.map(({ id }) => visitors.closeSession(id, 'revoked')));
    }
  }

  async *#visitors(): AsyncGenerator<readonly Session[], void> {
    let cursor: string | undefined;
    do {
      const page = await this.#sidSessions.visitors.sessionsOfApp({
        limit: pageSize,
        ...(cursor === undefined ? {} : { cursor }),
      });
      yield page.sessions.filter((visitor) => sidOf(visitor) !== undefined);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  async #stateOf(visitor: Session): Promise<SidWithState | undefined> {
    const sid = sidOf(visitor) ?? '';
    const binding = bindingOf(visitor);
    const id = this.#reader.loginOf(sid, binding)?.id;
    const holder = id === undefined ? visitor : await orClosed(this.#sidSessions.logins.getSession(id));
    return holder instanceof Closed ? undefined : { sid, visitor, binding, holder };
  }
}

function sidOf(visitor: Session): string | undefined {
  const sid = visitor.getAttr(sidAttribute);
  return typeof sid === 'string' ? sid : undefined;
}
