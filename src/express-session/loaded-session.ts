import type { SessionContent } from './session-content.js';
import type { Login } from './sid-sessions.js';

/** What is known about a session object of a framework: its content and login when it was loaded or last saved. */
export class LoadedSession {
  readonly sid: string;
  content: SessionContent;
  /** The login session that held the content, if the sid was bound to an account. */
  login: Login | undefined;
  /** Whether the request came with the sid: someone who gave the client that sid knows it too. */
  readonly cameWithRequest: boolean;
  /** `false` until a save has created it: one that failed leaves that to the next. */
  isStored: boolean;
  /** Ends when the last save so far has ended; never rejects. */
  #lastSave: Promise<unknown> | undefined;

  constructor(
    sid: string,
    content: SessionContent,
    login: Login | undefined,
    cameWithRequest: boolean,
    isStored = true,
  ) {
    this.sid = sid;
    this.content = content;
    this.login = login;
    this.cameWithRequest = cameWithRequest;
    this.isStored = isStored;
  }

  /** Runs saves of this object one after the other: each computes its changes from what the previous one stored. */
  inOrder<Result>(save: () => Promise<Result>): Promise<Result> {
    const result = this.#lastSave === undefined ? save() : this.#lastSave.then(save);
    this.#lastSave = result.catch(() => {});
    return result;
  }

  /** Frameworks compare the JSON of a session to see whether it changed; this object must not appear in it. */
  toJSON(): undefined {
    return undefined;
  }
}

/** Can't be a key of the application's data: names with this prefix are reserved. */
const copyMarker = '~session-mailbox.loaded';

const loadedSessions = new WeakMap<object, LoadedSession>();

export function remember(session: object, loaded: LoadedSession): void {
  loadedSessions.set(session, loaded);
}

/** What is known about this object, or about the object that a framework copied it from. */
export function loadedOf(session: object): LoadedSession | undefined {
  const loaded = loadedSessions.get(session);
  if (loaded !== undefined) return loaded;
  const marked: unknown = copyMarker in session ? session[copyMarker] : undefined;
  return marked instanceof LoadedSession ? marked : undefined;
}

/**
 * Gives the marker to each session that inherits from it. One object for all of them: V8 would make a class of each object
 * that has a prototype of its own, which costs more than the session.
 */
const marked: object = Object.create(Object.prototype, {
  [copyMarker]: {
    enumerable: true,
    get(): LoadedSession | undefined {
      return loadedSessions.get(this);
    },
  },
});

/**
 * Passes a loaded session to a framework in such a way that a copy of it is recognised. express-session copies it in
 * `createSession`, which this package overrides. @fastify/session copies it key by key, inherited keys included, into an
 * object that this package never sees otherwise. So, during the call, the session inherits a key that gets copied.
 */
export function withCopyMarker(session: object, pass: (session: object) => void): void {
  if (!loadedSessions.has(session)) {
    pass(session);
    return;
  }
  Object.setPrototypeOf(session, marked);
  try {
    pass(session);
  } finally {
    clearCopyMarker(session);
  }
}

/** Removes the marker early, for a copy that must not receive it. */
export function clearCopyMarker(session: object): void {
  if (Object.getPrototypeOf(session) === marked) Object.setPrototypeOf(session, Object.prototype);
}
