import type { SessionContent } from './session-content.js';
import type { Login } from './session-places.js';

/** What is known of an object that holds a session: what it was when it was loaded, or saved at last. */
export class LoadedSession {
  readonly sid: string;
  content: SessionContent;
  /** Which session of an account held the content, if the sid was bound to one. */
  login: Login | undefined;
  /** Saves of one object come one after the other, because each counts from what the one before left. */
  #latest: Promise<unknown> = Promise.resolve();

  constructor(sid: string, content: SessionContent, login: Login | undefined) {
    this.sid = sid;
    this.content = content;
    this.login = login;
  }

  inTurn<Result>(save: () => Promise<Result>): Promise<Result> {
    const result = this.#latest.then(save);
    this.#latest = result.catch(() => {});
    return result;
  }

  /** Left out of JSON, by which frameworks judge whether a session has changed. */
  toJSON(): undefined {
    return undefined;
  }
}

/** No key of anybody's data: it would be that of an attribute of ours. */
const mark = '~session-mailbox.loaded';

const known = new WeakMap<object, LoadedSession>();

export function remember(session: object, loaded: LoadedSession): void {
  known.set(session, loaded);
}

/** Nothing came of what was remembered. */
export function forget(session: object, loaded: LoadedSession): void {
  if (known.get(session) === loaded) known.delete(session);
}

/** What is known of this object, or of the one that it was copied from. */
export function loadedOf(session: object): LoadedSession | undefined {
  const loaded = known.get(session);
  if (loaded !== undefined) return loaded;
  const marked: unknown = mark in session ? session[mark] : undefined;
  return marked instanceof LoadedSession ? marked : undefined;
}

/**
 * Hands a loaded session over, while it can be copied. express-session copies it through `createSession`, which knows
 * what it copies; @fastify/session does so by itself, key by key and inherited ones as well, into an object that nothing
 * tells us of. So while it is handed over the session inherits a key that goes along.
 */
export function handOver(session: object, receive: (session: object) => void): void {
  const loaded = known.get(session);
  if (loaded === undefined) {
    receive(session);
    return;
  }
  Object.setPrototypeOf(session, { [mark]: loaded });
  try {
    receive(session);
  } finally {
    takeBack(session);
  }
}

/** Ends the handing over, for a session that is copied here and now. */
export function takeBack(session: object): void {
  Object.setPrototypeOf(session, Object.prototype);
}
