import { setImmediate as nextTurn } from 'node:timers/promises';
import PQueue from 'p-queue';
import type { CloseReason } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import type { SessionEventMap } from '../events/session-events.js';
import { runtimeOf } from '../service/app-service.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import type { SessionRuntime } from '../service/session-runtime.js';
import { Attendance } from './attendance.js';
import { ChangeWatch, type EndListener } from './change-watch.js';
import { ContactRounds } from './contact-rounds.js';
import type { LiveSocket } from './live-socket.js';

/** Questions to the store under way at once: enough to fill a connection, too few to crowd out the requests. */
const concurrency = 32;
/** Sessions whose sockets are sent away in one turn of the event loop. */
const stepSize = 200;
/** Who may have been logged out is asked about before who is only to be seen. */
const urgent = 1;

const registries = new WeakMap<SessionRuntime, LiveSockets>();

/**
 * The open sockets of this node, by session: keeps their sessions in contact, and ends them with their sessions, whoever
 * ended those. One for each service, whichever of its managers is asked.
 */
export class LiveSockets implements EndListener {
  readonly #runtime: SessionRuntime;
  readonly #sessions = new Map<string, Attendance>();
  /** Also those that were told to end and are not gone yet. */
  readonly #open = new Map<LiveSocket, Attendance>();
  readonly #rounds: ContactRounds<Attendance>;
  readonly #watch: ChangeWatch;
  readonly #questions = new PQueue({ concurrency });
  readonly #inContact = new Set<Attendance>();
  #onEmpty: () => void = () => {};

  private constructor(runtime: SessionRuntime) {
    this.#runtime = runtime;
    this.#watch = new ChangeWatch(runtime, this);
    this.#rounds = new ContactRounds(runtime.clock, runtime.context.hbGrace, (each) => this.#contact(each));
    runtime.onDrain(() => this.#sendAllAway());
  }

  /** @throws SessionError `INVALID_ARGUMENT` for what is no manager */
  static of(manager: SessionManager): LiveSockets {
    const runtime = runtimeOf(manager);
    let registry = registries.get(runtime);
    if (registry === undefined) {
      registry = new LiveSockets(runtime);
      registries.set(runtime, registry);
    }
    return registry;
  }

  /** Sockets that joined and have not left. */
  get size(): number {
    return this.#open.size;
  }

  /**
   * From now on the socket ends with the session. Resolves once no end can be missed any more, with the session looked
   * at again; rejects when it had ended until then. Whoever joined must leave, in either case.
   *
   * @throws SessionError `SESSION_CLOSED`, `SESSION_UNKNOWN`, `STORE_UNAVAILABLE`, `STOPPED`
   */
  async join(manager: SessionManager, session: Session, socket: LiveSocket): Promise<void> {
    this.#runtime.requireRunning();
    if (this.#runtime.isDraining) throw new SessionError('STOPPED', 'The session service is stopping', {});
    this.#enter(manager, session, socket);
    await this.#watch.start();
    // It may have ended between its authentication and the line above.
    await session.reload();
  }

  /** The socket is gone. */
  leave(socket: LiveSocket): void {
    const attendance = this.#open.get(socket);
    if (attendance === undefined) return;
    this.#open.delete(socket);
    attendance.sockets.delete(socket);
    if (attendance.sockets.size === 0) this.#forget(attendance);
    if (this.#open.size > 0) return;
    this.#watch.stop();
    this.#onEmpty();
  }

  ended({ app, id, reason }: SessionEventMap['closed']): void {
    const attendance = this.#sessions.get(keyOf(app, id));
    if (attendance !== undefined) this.#end(attendance, reason);
  }

  changed(app: string, id: string): void {
    const attendance = this.#sessions.get(keyOf(app, id));
    if (attendance !== undefined) this.#check(attendance);
  }

  missed(): void {
    for (const attendance of this.#sessions.values()) this.#check(attendance);
  }

  #contact(attendance: Attendance): void {
    // One that still waits for a slow store is as good as the next.
    if (this.#inContact.has(attendance)) return;
    this.#inContact.add(attendance);
    void this.#questions.add(async () => {
      await attendance.contact();
      this.#inContact.delete(attendance);
    });
  }

  #check(attendance: Attendance): void {
    if (attendance.doubt()) void this.#questions.add(() => attendance.check(), { priority: urgent });
  }

  #enter(manager: SessionManager, { app, id }: Session, socket: LiveSocket): void {
    const key = keyOf(app, id);
    let attendance = this.#sessions.get(key);
    if (attendance === undefined) {
      // Visitors of express-session live in an app of their own.
      const owner = app === manager.app ? manager : manager.inApp(app);
      const entered = new Attendance(owner, key, id, (reason) => this.#end(entered, reason));
      attendance = entered;
      this.#sessions.set(key, entered);
      this.#rounds.add(entered);
    }
    attendance.sockets.add(socket);
    this.#open.set(socket, attendance);
  }

  #forget(attendance: Attendance): void {
    this.#rounds.remove(attendance);
    if (this.#sessions.get(attendance.key) === attendance) this.#sessions.delete(attendance.key);
  }

  #end(attendance: Attendance, reason: CloseReason): void {
    this.#forget(attendance);
    const sockets = [...attendance.sockets];
    // Nothing more is to be told to them, whatever else is found out.
    attendance.sockets.clear();
    for (const socket of sockets) endSocket(socket, reason);
  }

  /** Resolves when all are gone. */
  async #sendAllAway(): Promise<void> {
    let sent = 0;
    for (const attendance of [...this.#sessions.values()]) {
      this.#end(attendance, 'shutdown');
      sent += 1;
      if (sent % stepSize === 0) await nextTurn();
    }
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
  }
}

/** One that can't be ended must not keep the others from it. */
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
