import type { Session } from '../service/session.js';
import { sidAttribute } from './attribute-names.js';
import type { SessionPlaces } from './session-places.js';
import { alive, bindingOf, Ending, type SessionReader, type SidState } from './session-reader.js';

/** Sessions looked at in one step. */
const pageSize = 500;

/** Goes through all sids that have a session, a page at a time. */
export class SessionWalk {
  readonly #places: SessionPlaces;
  readonly #reader: SessionReader;

  constructor(places: SessionPlaces, reader: SessionReader) {
    this.#places = places;
    this.#reader = reader;
  }

  /** The live sessions, in chunks. */
  async *live(): AsyncGenerator<readonly (SidState & { readonly sid: string })[], void> {
    for await (const visitors of this.#visitors()) {
      const states = await Promise.all(visitors.map((visitor) => this.#stateOf(visitor)));
      yield states.filter((state) => state !== undefined);
    }
  }

  /** Closes all of them, those of accounts as well. One that comes meanwhile may stay. */
  async endAll(): Promise<void> {
    const { logins, visitors } = this.#places;
    for await (const page of this.#visitors()) {
      const ids = page.map((visitor) => this.#reader.loginOf(sidOf(visitor) ?? '', bindingOf(visitor))?.id);
      await Promise.all(ids.map((id) => (id === undefined ? false : logins.closeSession(id, 'revoked'))));
      await Promise.all(page.map(({ id }) => visitors.closeSession(id, 'revoked')));
    }
  }

  async *#visitors(): AsyncGenerator<readonly Session[], void> {
    let cursor: string | undefined;
    do {
      const page = await this.#places.visitors.sessionsOfApp({
        limit: pageSize,
        ...(cursor === undefined ? {} : { cursor }),
      });
      yield page.sessions.filter((visitor) => sidOf(visitor) !== undefined);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  async #stateOf(visitor: Session): Promise<(SidState & { readonly sid: string }) | undefined> {
    const sid = sidOf(visitor) ?? '';
    const binding = bindingOf(visitor);
    const id = this.#reader.loginOf(sid, binding)?.id;
    const holder = id === undefined ? visitor : await alive(this.#places.logins.getSession(id));
    return holder instanceof Ending ? undefined : { sid, visitor, binding, holder };
  }
}

function sidOf(visitor: Session): string | undefined {
  const sid = visitor.getAttr(sidAttribute);
  return typeof sid === 'string' ? sid : undefined;
}
