import { setImmediate as nextTurn } from 'node:timers/promises';
import PQueue from 'p-queue';
import type { CloseReason } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError, sessionClosed } from '../errors/session-error.js';
import type { SessionEventMap } from '../events/session-events.js';
import { runtimeOf } from '../service/app-service.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import type { SessionRuntime } from '../service/session-runtime.js';
import { ChangeWatch, type EndListener } from './change-watch.js';
import { ContactRounds } from './contact-rounds.js';
import type { LiveSocket } from './live-socket.js';
import { SessionSockets } from './session-sockets.js';

/** Concurrent calls to the store: enough to use a connection fully, and few enough not to delay requests. */
const concurrency = 32;
/** Sessions whose sockets are closed in one turn of the event loop while the service drains. */
const stepSize = 200;
/** Priority of checks of sessions that may have ended. They run before regular contacts. */
const urgent = 1;

const registries = new WeakMap<SessionRuntime, LiveSockets>();

/**
 * The open sockets of this node, by session. Records contacts of their sessions, and closes the sockets when their
 * sessions end, on any node. Each service has one registry, which the managers of all its apps share.
 */
export class LiveSockets implements EndListener {
  readonly #runtime: SessionRuntime;
  readonly #sessions = new Map<string, SessionSockets>();
  /** Includes sockets that are being closed. */
  readonly #open = new Map<LiveSocket, SessionSockets>();
  readonly #rounds: ContactRounds<SessionSockets>;
  readonly #watch: ChangeWatch;
  readonly #calls = new PQueue({ concurrency });
  readonly #inContact = new Set<SessionSockets>();
  #onEmpty: () => void = () => {};

  private constructor(runtime: SessionRuntime) {
    this.#runtime = runtime;
    this.#watch = new ChangeWatch(runtime, this);
    this.#rounds = new ContactRounds(runtime.clock, runtime.context.hbGrace, (each) => this.#contact(each));
    runtime.onDrain(() => this.#closeAll());
  }

  /** @throws SessionError `INVALID_ARGUMENT` unless given a `SessionManager` */
  static of(manager: SessionManager): LiveSockets {
    const runtime = runtimeOf(manager);
    let registry = registries.get(runtime);
    if (registry === undefined) {
      registry = new LiveSockets(runtime);
      registries.set(runtime, registry);
    }
    return registry;
  }

  /** Number of sockets that joined and have not left. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * Registers the socket, so that it closes when the session ends. Resolves once no end can be missed and the session
   * was read again; rejects if the session has ended by then. The caller must call `leave` in both cases.
   *
   * @throws SessionError `TOO_MANY_SOCKETS`, `SESSION_CLOSED`, `SESSION_UNKNOWN`, `STORE_UNAVAILABLE`, `STOPPED`
   */
  async join(manager: SessionManager, session: Session, socket: LiveSocket): Promise<void> {
    this.#runtime.requireRunning();
    if (this.#runtime.isDraining) throw new SessionError('STOPPED', 'The session service is stopping', {});
    this.#requireRoom(session);
    this.#enter(manager, session, socket);
    await this.#watch.start();
    // The session may have ended, or its token been replaced, between its authentication and the start of the watch.
    await session.reload();
    if (session.isRotated) throw sessionClosed('rotated');
  }

  /** Counts only the sockets at this node: each open socket costs memory of its node, and contacts of the store. */
  #requireRoom({ app, id }: Session): void {
    const { maxSocket } = this.#runtime.context;
    const count = this.#sessions.get(keyOf(app, id))?.sockets.size ?? 0;
    if (count < maxSocket) return;
    const text = `A session may have at most maxSocket (${maxSocket}) open sockets at a node`;
    throw new SessionError('TOO_MANY_SOCKETS', text, { maxSocket });
  }

  /** Unregisters the socket, once it has closed. */
  leave(socket: LiveSocket): void {
    const entry = this.#open.get(socket);
    if (entry === undefined) return;
    this.#open.delete(socket);
    entry.sockets.delete(socket);
    if (entry.sockets.size === 0) this.#forget(entry);
    if (this.#open.size > 0) return;
    this.#watch.stop();
    this.#onEmpty();
  }

  ended({ app, id, reason }: SessionEventMap['closed']): void {
    const entry = this.#sessions.get(keyOf(app, id));
    if (entry !== undefined) this.#end(entry, reason);
  }

  changed(app: string, id: string): void {
    const entry = this.#sessions.get(keyOf(app, id));
    if (entry !== undefined) this.#check(entry);
  }

  missed(): void {
    for (const entry of this.#sessions.values()) this.#check(entry);
  }

  #contact(entry: SessionSockets): void {
    // If a contact still waits for a slow store, no second contact is needed.
    if (this.#inContact.has(entry)) return;
    this.#inContact.add(entry);
    void this.#calls.add(async () => {
      await entry.contact();
      this.#inContact.delete(entry);
    });
  }

  #check(entry: SessionSockets): void {
    if (entry.requestCheck()) void this.#calls.add(() => entry.check(), { priority: urgent });
  }

  #enter(manager: SessionManager, { app, id, generation }: Session, socket: LiveSocket): void {
    const key = keyOf(app, id);
    let entry = this.#sessions.get(key);
    if (entry === undefined) {
      // Visitor sessions of express-session belong to another app than the manager's.
      const owner = app === manager.app ? manager : manager.inApp(app);
      const entered = new SessionSockets(
        owner,
        key,
        id,
        (reason) => this.#end(entered, reason),
        (current) => this.#endOlder(entered, current),
      );
      entry = entered;
      this.#sessions.set(key, entered);
      this.#rounds.add(entered);
    }
    entry.sockets.set(socket, generation);
    this.#open.set(socket, entry);
  }

  #forget(entry: SessionSockets): void {
    this.#rounds.remove(entry);
    if (this.#sessions.get(entry.key) === entry) this.#sessions.delete(entry.key);
  }

  #end(entry: SessionSockets, reason: CloseReason): void {
    this.#forget(entry);
    const sockets = [...entry.sockets.keys()];
    // Each socket receives only one reason, even if a later check finds another.
    entry.sockets.clear();
    for (const socket of sockets) endSocket(socket, reason);
  }

  /** Ends the sockets that a token of an older generation opened. */
  #endOlder(entry: SessionSockets, generation: number): void {
    for (const [socket, opened] of [...entry.sockets]) {
      if (opened >= generation) continue;
      entry.sockets.delete(socket);
      endSocket(socket, 'rotated');
    }
    if (entry.sockets.size === 0) this.#forget(entry);
  }

  /** Resolves when all sockets have left. */
  async #closeAll(): Promise<void> {
    let sent = 0;
    for (const entry of [...this.#sessions.values()]) {
      this.#end(entry, 'shutdown');
      sent += 1;
      if (sent % stepSize === 0) await nextTurn();
    }
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }
}

/** A fault in one socket must not keep the others open. */
function endSocket(socket: LiveSocket, reason: CloseReason): void {
  try {
    socket.end(reason);
  } catch (error) {
    reportFault('A socket could not be closed', error);
  }
}

function keyOf(app: string, id: string): string {
  return `${app}:${id}`;
}
