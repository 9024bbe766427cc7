import { attachedValues } from '../caching/attached-values.js';
import type { SessionContent } from './session-content.js';
import type { Login } from './sid-sessions.js';

/** State of a framework's session object: its content and login when it was loaded or last saved. */
export class LoadedSession {
  readonly sid: string;
  content: SessionContent;
  /** The login session that held the content, if the sid was bound to an account. */
  login: Login | undefined;
  /** Whether the request came with the sid. If so, someone who gave the client that sid may know it, too. */
  cameWithRequest: boolean;
  /** `false` until a save has created the session. If that save fails, the next save creates it. */
  isStored: boolean;
  /** Resolves when the latest save has ended; never rejects. */
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

  /**
   * Runs saves of this object one after the other: each save computes its changes from the content that the previous
   * save stored.
   */
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

/** Keeps what is known about the sid of a session that a request loads again, for example that the sid is new. */
export function keepOrigin(loaded: LoadedSession, current: unknown): void {
  const before = typeof current === 'object' && current !== null ? loadedOf(current) : undefined;
  if (before?.sid === loaded.sid) loaded.cameWithRequest = before.cameWithRequest;
}

/** Key of the marker. The application's data can't contain it, because names with this prefix are reserved. */
const copyMarker = '~session-mailbox.loaded';

const loadedSessions = attachedValues<LoadedSession>();

export function remember(session: object, loaded: LoadedSession): void {
  loadedSessions.set(session, loaded);
}

/** Returns the state of this object, or of the object that a framework copied it from. */
export function loadedOf(session: object): LoadedSession | undefined {
  const loaded = loadedSessions.get(session);
  if (loaded !== undefined) return loaded;
  const marked: unknown = copyMarker in session ? session[copyMarker] : undefined;
  return marked instanceof LoadedSession ? marked : undefined;
}

/**
 * Prototype that adds the marker to a session. All sessions share it: for each separate prototype V8 would create a
 * hidden class, which is more expensive than the session.
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
 * Passes a loaded session to a framework so that a copy of it is recognised. express-session copies the session in
 * `createSession`, which this package overrides. @fastify/session copies the session key by key, inherited keys
 * included, into an object that this package does not see at that time. Therefore the session inherits the marker
 * during the call, and the framework copies it.
 */
export function withCopyMarker(session: object, pass: (session: object) => void): void {
  if (loadedSessions.get(session) === undefined) {
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
