import type {
  AttributePatch,
  ClosedSession,
  CloseReason,
  NewSession,
  OutgoingMessage,
  Presence,
  SessionRecord,
} from '../index.js';
import { defaultLevel } from '../store/session-record.js';
import { type ModelContext, ModelMailbox, type Verdict } from './model-mailbox.js';

/** The possible reasons for which an operation on one session is refused. The store must give one of them. */
export type PossibleRefusals = readonly ('SESSION_UNKNOWN' | CloseReason)[];

interface Ending {
  readonly reason: CloseReason;
  /** Time until which the store must remember the reason. */
  readonly knownUntil: number;
  /** Time from which the store must have forgotten the reason. */
  readonly forgottenFrom: number;
}

export class ModelSession {
  readonly given: NewSession;
  readonly createdAt: number;
  authenticatedAt: number;
  level: number;
  lastIp: string;
  secretHash: string;
  generation = 0;
  attributes: Record<string, string>;
  ttl: number;
  lastTime: number;
  lastContact: number;
  reads = 0;
  writes = 0;
  /** Whether the session was reported away, and has not returned since. */
  reportedAway = false;
  mailbox = new ModelMailbox();
  ending: Ending | undefined;

  constructor(given: NewSession, now: number) {
    this.given = given;
    this.secretHash = given.secretHash;
    this.attributes = { ...given.attributes };
    this.ttl = given.ttl;
    this.createdAt = now;
    this.authenticatedAt = now;
    this.level = given.level ?? defaultLevel;
    this.lastIp = given.ip;
    this.lastTime = now;
    this.lastContact = now;
  }

  get id(): string {
    return this.given.id;
  }
}

/** The reference store: one array of all sessions ever created, and the rules in their simplest form. */
export class Model {
  readonly context: ModelContext;
  readonly sessions: ModelSession[] = [];
  now = 0;

  constructor(context: ModelContext) {
    this.context = context;
  }

  find(id: string): ModelSession | undefined {
    return this.sessions.find((session) => session.id === id);
  }

  /** Removes a session whose id a later session uses again. */
  forget(session: ModelSession): void {
    this.sessions.splice(this.sessions.indexOf(session), 1);
  }

  get live(): ModelSession[] {
    return this.sessions.filter((session) => this.refusal(session) === undefined);
  }

  liveOf(accountId: string): ModelSession[] {
    return this.live.filter(({ given }) => given.accountId === accountId);
  }

  /** Sessions past a deadline that no sweep has removed. */
  get due(): ModelSession[] {
    return this.sessions.filter((session) => session.ending === undefined && this.#deadline(session) !== undefined);
  }

  /** Returns the reasons for which an operation on the session may be refused; `undefined` when it is live. */
  refusal(session: ModelSession | undefined, secretHash?: string): PossibleRefusals | undefined {
    if (session === undefined) return ['SESSION_UNKNOWN'];
    const deadline = this.#deadline(session);
    const ending = session.ending ?? deadline;
    if (secretHash !== undefined && secretHash !== session.secretHash) return ['SESSION_UNKNOWN'];
    if (ending === undefined) return undefined;
    if (this.now < ending.knownUntil) return [ending.reason];
    return this.now < ending.forgottenFrom ? [ending.reason, 'SESSION_UNKNOWN'] : ['SESSION_UNKNOWN'];
  }

  /** Closes the session. For an expired session a store may use the deadline or the time of the sweep as its end. */
  end(session: ModelSession, reason: CloseReason): ClosedSession {
    session.mailbox.age(this.now, this.context);
    const forgottenFrom = this.now + this.context.tombstoneTime;
    const deadline = this.#deadline(session);
    session.ending = { reason, knownUntil: deadline?.knownUntil ?? forgottenFrom, forgottenFrom };
    const { app, id, accountId } = session.given;
    return { app, id, accountId, reason, undelivered: session.mailbox.kept.length };
  }

  sweep(session: ModelSession): ClosedSession {
    return this.end(session, this.#deadline(session)?.reason ?? 'expired');
  }

  #deadline(session: ModelSession): Ending | undefined {
    const { createdAt, lastTime, ttl, given } = session;
    const idles = !(session.mailbox.parked && this.context.pollRenews);
    const idleAt = idles ? lastTime + ttl : Number.POSITIVE_INFINITY;
    const agedAt = given.maxAge > 0 ? createdAt + given.maxAge : Number.POSITIVE_INFINITY;
    const at = Math.min(idleAt, agedAt);
    if (this.now < at) return undefined;
    const reason = idleAt <= agedAt ? 'expired' : 'max-age';
    return { reason, knownUntil: at + this.context.tombstoneTime, forgottenFrom: Number.POSITIVE_INFINITY };
  }

  /** Returns whether a new session of the account needs an eviction, and the sessions of which the store may evict one. */
  eviction(accountId: string): { readonly needed: boolean; readonly candidates: readonly ModelSession[] } {
    const { maxSession, onMaxSession } = this.context;
    const live = this.liveOf(accountId);
    const needed = maxSession > 0 && live.length >= maxSession;
    const rank = (session: ModelSession) => {
      if (onMaxSession === 'evict-oldest') return session.createdAt;
      return session.mailbox.parked ? Number.POSITIVE_INFINITY : session.lastContact;
    };
    const least = Math.min(...live.map(rank));
    return { needed, candidates: live.filter((session) => rank(session) === least) };
  }

  /** @returns whether the session was reported away before this contact */
  contact(session: ModelSession): boolean {
    session.lastContact = this.now;
    const cameOnline = session.reportedAway;
    session.reportedAway = false;
    return cameOnline;
  }

  isSilent(session: ModelSession): boolean {
    return !session.mailbox.parked && this.now - session.lastContact >= this.context.hbGrace;
  }

  /** The sessions that the next judgement must report. */
  get unreportedSilent(): ModelSession[] {
    return this.live.filter((session) => this.isSilent(session) && !session.reportedAway);
  }

  activity(session: ModelSession): number {
    return session.mailbox.parked && this.context.pollRenews ? this.now : session.lastTime;
  }

  activeWithin(session: ModelSession, within: number): boolean {
    return this.now - this.activity(session) <= within;
  }

  patch(session: ModelSession, patch: AttributePatch): void {
    for (const [key, text] of Object.entries(patch)) {
      if (text === null) delete session.attributes[key];
      else session.attributes[key] = text;
    }
    session.writes += 1;
  }

  /** @returns the verdict, and whether a parked reader is to be notified */
  append(session: ModelSession, message: OutgoingMessage): Verdict & { readonly tells: boolean } {
    const { mailbox } = session;
    const { verdict, dropped } = mailbox.append(message, this.now, this.now, this.context);
    const tells = mailbox.parked && verdict !== 'full';
    if (verdict === 'close') return { verdict, dropped, undelivered: this.end(session, 'overflow').undelivered, tells };
    if (tells) this.unpark(session);
    return { verdict, dropped, undelivered: 0, tells };
  }

  unpark(session: ModelSession, reader?: string): void {
    if (!session.mailbox.parked) return;
    session.mailbox.unpark(this.now, reader);
    if (session.mailbox.parked) return;
    this.contact(session);
    if (this.context.pollRenews) session.lastTime = this.now;
  }

  /** Closes the old session, and appends the messages of both sessions to a new mailbox under `drop-oldest`. */
  replace(session: ModelSession, old: ModelSession): ClosedSession {
    session.attributes = { ...old.attributes, ...session.attributes };
    for (const each of [session, old]) each.mailbox.age(this.now, this.context);
    const taken = old.mailbox.kept;
    const closed = this.end(old, 'replaced');
    if (taken.length === 0) return closed;
    const merged = new ModelMailbox();
    const bounds: ModelContext = { ...this.context, onOverflow: 'drop-oldest' };
    let undelivered = 0;
    for (const { message, at } of [...taken, ...session.mailbox.kept]) {
      undelivered += merged.append(message, at, this.now, bounds).dropped;
    }
    this.unpark(session);
    session.mailbox = merged;
    return { ...closed, undelivered };
  }

  /** Returns the record that the store must return, with times that count from 0. */
  record(session: ModelSession): SessionRecord {
    const { secretHash: _secretHash, maxSession: _maxSession, ...given } = session.given;
    session.mailbox.age(this.now, this.context);
    const presence: Presence = this.isSilent(session) ? 'away' : 'online';
    const { createdAt, attributes, generation, ttl, reads, writes } = session;
    const { authenticatedAt, level, lastIp } = session;
    const undelivered = session.mailbox.kept.length;
    return {
      ...given,
      lastIp,
      lastUserAgent: given.userAgent,
      authenticatedAt,
      level,
      ttl,
      attributes,
      generation,
      createdAt,
      lastTime: this.activity(session),
      reads,
      writes,
      presence,
      undelivered,
    };
  }
}
