import { SessionError } from '../../../errors/session-error.js';
import type { Session as CoreSession } from '../../../service/session.js';
import type { SessionManager } from '../../../service/session-manager.js';
import {
  readApp,
  readData,
  readDeltaTime,
  readId,
  readInitialData,
  readIp,
  readOptions,
  readToken,
  readTtl,
} from './call-arguments.js';
import type { Lifecycle } from './lifecycle.js';
import { looksOld, OldTokens } from './old-tokens.js';
import type { SessionCache } from './session-cache.js';
import { listed, replyToGet, replyToSet, toMilliseconds } from './session-replies.js';
import type { Activity, Created, Killed, Listed, ListedSession, Session } from './types.js';

/** Sessions per page of the list of all sessions. */
const pageSize = 1_000;

/** Source of the manager: `running` is the manager while the service runs; `manager` starts the service if needed. */
export type ManagerSource = Pick<Lifecycle, 'running' | 'manager'>;

/**
 * The methods of redis-sessions over a `SessionManager`. Arguments are checked first, in the order of redis-sessions.
 */
export class LibraryService<Data> {
  readonly #lifecycle: ManagerSource;
  readonly #cache: SessionCache | undefined;
  readonly #oldTokens: OldTokens;
  /** The manager of the app of the latest call. Most applications use one app. */
  #latest: SessionManager | undefined;

  constructor(lifecycle: ManagerSource, cache: SessionCache | undefined, oldTokens: OldTokens = new OldTokens()) {
    this.#lifecycle = lifecycle;
    this.#cache = cache;
    this.#oldTokens = oldTokens;
  }

  async create(options: unknown): Promise<Created> {
    const given = readOptions(options);
    const app = readApp(given.app);
    const id = readId(given.id);
    const ip = readIp(given.ip);
    const ttl = toMilliseconds(readTtl(given.ttl));
    const data = readInitialData(given.d);
    // With `no_resave`, the session ends `ttl` after its creation. Activity does not extend it.
    const maxAge = given.no_resave ? ttl : 0;
    const manager = this.#running(app) ?? (await this.#started(app));
    const start = { ip, ttl, maxAge };
    const session = await manager.createSession(id, data === undefined ? start : { ...start, attributes: data });
    return { token: session.token };
  }

  async get(options: unknown): Promise<Session<Data> | null> {
    const call = tokenCallOf(options);
    const manager = this.#running(call.app) ?? (await this.#started(call.app));
    const token = looksOld(call.token) ? await this.#oldTokens.current(manager, call.token) : call.token;
    try {
      return replyToGet<Data>(await (this.#cache?.authenticate(manager, token) ?? manager.authenticate(token)));
    } catch (error) {
      return nullIfMissing(error);
    }
  }

  async set(options: unknown): Promise<Session<Data> | null> {
    const call = tokenCallOf(options);
    const data = readData(readOptions(options).d);
    const manager = this.#running(call.app) ?? (await this.#started(call.app));
    const token = looksOld(call.token) ? await this.#oldTokens.current(manager, call.token) : call.token;
    try {
      return replyToSet<Data>(await manager.patchAsBearer(token, data));
    } catch (error) {
      return nullIfMissing(error);
    } finally {
      // Do so after an error, too: the store may have applied a call whose reply was lost.
      this.#cache?.forget(call.app, token);
    }
  }

  async kill(options: unknown): Promise<Killed> {
    const call = tokenCallOf(options);
    const manager = this.#running(call.app) ?? (await this.#started(call.app));
    const token = looksOld(call.token) ? await this.#oldTokens.current(manager, call.token) : call.token;
    try {
      return { kill: (await manager.closeAsBearer(token)) ? 1 : 0 };
    } finally {
      this.#cache?.forget(call.app, token);
    }
  }

  async killAll(options: unknown): Promise<Killed> {
    const app = readApp(readOptions(options).app);
    const manager = this.#running(app) ?? (await this.#started(app));
    try {
      return { kill: await manager.closeApp() };
    } finally {
      this.#cache?.clear();
    }
  }

  async killSessionsOfId(options: unknown): Promise<Killed> {
    const { app, id } = accountOf(options);
    const manager = this.#running(app) ?? (await this.#started(app));
    try {
      return { kill: await manager.closeAccount(id) };
    } finally {
      this.#cache?.clear();
    }
  }

  async sessionsOfId(options: unknown): Promise<Listed<Data>> {
    const { app, id } = accountOf(options);
    const manager = this.#running(app) ?? (await this.#started(app));
    return { sessions: describeAll<Data>(await manager.sessionsOfAccount(id), manager.now) };
  }

  async sessionsOfApp(options: unknown): Promise<Listed<Data>> {
    const { app, within } = periodOf(options);
    const manager = this.#running(app) ?? (await this.#started(app));
    const found: CoreSession[] = [];
    let page = await manager.sessionsOfApp({ activeWithin: within, limit: pageSize });
    found.push(...page.sessions);
    while (page.cursor !== undefined) {
      page = await manager.sessionsOfApp({ activeWithin: within, limit: pageSize, cursor: page.cursor });
      found.push(...page.sessions);
    }
    found.sort((one, other) => other.lastTime - one.lastTime);
    return { sessions: describeAll<Data>(found, manager.now) };
  }

  async activity(options: unknown): Promise<Activity> {
    const { app, within } = periodOf(options);
    const manager = this.#running(app) ?? (await this.#started(app));
    return { activity: await manager.activity(within) };
  }

  async ping(): Promise<'PONG'> {
    const manager = await this.#lifecycle.manager();
    await manager.ping();
    return 'PONG';
  }

  /**
   * Returns the manager of the app if the service runs. Returns no promise, because a promise would slow down every
   * call.
   */
  #running(app: string): SessionManager | undefined {
    const { running } = this.#lifecycle;
    if (running === undefined) return undefined;
    if (this.#latest?.app !== app) this.#latest = running.inApp(app);
    return this.#latest;
  }

  async #started(app: string): Promise<SessionManager> {
    const manager = await this.#lifecycle.manager();
    return manager.inApp(app);
  }
}

interface TokenCall {
  readonly app: string;
  readonly token: string;
}

function tokenCallOf(options: unknown): TokenCall {
  const given = readOptions(options);
  return { app: readApp(given.app), token: readToken(given.token) };
}

function accountOf(options: unknown): { readonly app: string; readonly id: string } {
  const given = readOptions(options);
  return { app: readApp(given.app), id: readId(given.id) };
}

/** @returns `within` in milliseconds */
function periodOf(options: unknown): { readonly app: string; readonly within: number } {
  const given = readOptions(options);
  return { app: readApp(given.app), within: toMilliseconds(readDeltaTime(given.deltaTime ?? given.dt)) };
}

function describeAll<Data>(sessions: readonly CoreSession[], now: number): readonly ListedSession<Data>[] {
  return sessions.map((session) => listed<Data>(session, now));
}

/**
 * Returns `null` for a missing session, because redis-sessions does not report the reason. Rethrows any other error.
 */
function nullIfMissing(error: unknown): null {
  if (SessionError.is(error, 'SESSION_UNKNOWN') || SessionError.is(error, 'SESSION_CLOSED')) return null;
  throw error;
}
