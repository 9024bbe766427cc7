import { timingSafeEqual } from 'node:crypto';
import type { SessionContext } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
import { SessionError, sessionClosed, sessionUnknown } from '../../errors/session-error.js';
import { Mailbox, type MailboxBounds } from '../../mailbox/mailbox.js';
import type { OutgoingMessage } from '../../mailbox/message.js';
import type { ChangeWatcher } from '../../store/change-feed.js';
import type { ClosedSession, NewSession, SessionRecord, SessionReference } from '../../store/session-record.js';
import {
  type AppendOutcome,
  type AttributePatch,
  type Contact,
  type Insertion,
  noListener,
  type OnceInsertion,
  type ReadRequest,
  type ReadResult,
  type Renewal,
  type Replacement,
  type Slice,
  type StoreListener,
} from '../../store/session-store.js';
import type { Clock } from '../../time/clock.js';
import { AppSessions, type Tombstone } from './app-sessions.js';
import type { SessionEntry } from './session-entry.js';

const plainRenewal: Renewal = { activity: true, ttl: undefined };

/** The rules of sessions over entries in memory, as plain synchronous steps. */
export class MemorySessions {
  readonly context: SessionContext;
  readonly #clock: Clock;
  readonly #apps = new Map<string, AppSessions>();
  listener: StoreListener = noListener;
  /** Who is told of changes, besides. */
  readonly watchers = new Set<ChangeWatcher>();

  constructor(context: SessionContext, clock: Clock) {
    this.context = context;
    this.#clock = clock;
  }

  get now(): number {
    return this.#clock.now();
  }

  get apps(): Iterable<AppSessions> {
    return this.#apps.values();
  }

  of(app: string): AppSessions {
    let sessions = this.#apps.get(app);
    if (sessions === undefined) {
      sessions = new AppSessions(app);
      this.#apps.set(app, sessions);
    }
    return sessions;
  }

  clear(): void {
    this.#apps.clear();
    this.listener = noListener;
    this.watchers.clear();
  }

  tellChanged(app: string, id: string): void {
    for (const watcher of this.watchers) watcher.changed(app, id);
  }

  patch(sessions: AppSessions, entry: SessionEntry, attributes: AttributePatch): void {
    const patched: Record<string, string> = Object.assign(Object.create(null), entry.attributes);
    for (const [key, text] of Object.entries(attributes)) {
      if (text === null) delete patched[key];
      else patched[key] = text;
    }
    entry.attributes = Object.freeze(patched);
    entry.writes += 1;
    this.tellChanged(sessions.app, entry.id);
  }

  deadReason(sessions: AppSessions, entry: SessionEntry, now = this.#clock.now()): CloseReason | undefined {
    return sessions.deadReason(entry, now, this.idles(entry));
  }

  record(sessions: AppSessions, entry: SessionEntry, now = this.#clock.now()): SessionRecord {
    entry.mailbox?.dropAged(now, this.context);
    const { times } = sessions;
    const { slot } = entry;
    return {
      app: sessions.app,
      id: entry.id,
      accountId: entry.accountId,
      createdAt: times.createdAt(slot),
      lastTime: this.idles(entry) ? times.lastTime(slot) : now,
      ttl: entry.ttl,
      maxAge: times.maxAge(slot),
      ip: entry.ip,
      userAgent: entry.userAgent,
      attributes: entry.attributes,
      reads: entry.reads,
      writes: entry.writes,
      presence: entry.parked > 0 || now - times.lastContact(slot) < this.context.hbGrace ? 'online' : 'away',
      undelivered: entry.mailbox?.messages.length ?? 0,
    };
  }

  live(sessions: AppSessions, id: string): SessionEntry {
    return this.#requireLive(sessions, id, sessions.get(id));
  }

  /** As `live`, for a caller who claims to be the bearer: nothing is said of the session to one who is not. */
  proven(sessions: AppSessions, id: string, secretHash: string): SessionEntry {
    const entry = sessions.get(id);
    const expected = (entry ?? this.#tombstone(sessions, id))?.secretHash;
    if (expected === undefined || !isSameHash(expected, secretHash)) throw sessionUnknown();
    return this.#requireLive(sessions, id, entry);
  }

  isSecretOf(sessions: AppSessions, id: string, secretHash: string): boolean {
    const expected = sessions.get(id)?.secretHash;
    return expected !== undefined && isSameHash(expected, secretHash);
  }

  liveOfAccount(sessions: AppSessions, accountId: string): readonly SessionEntry[] {
    return sessions.accounts.entries(accountId).filter((entry) => this.deadReason(sessions, entry) === undefined);
  }

  isActiveWithin(sessions: AppSessions, entry: SessionEntry, within: number): boolean {
    const now = this.#clock.now();
    if (this.deadReason(sessions, entry, now) !== undefined) return false;
    return !this.idles(entry) || now - sessions.times.lastTime(entry.slot) <= within;
  }

  insert(session: NewSession): Insertion {
    const now = this.#clock.now();
    const sessions = this.of(session.app);
    const evicted = this.#makeRoom(sessions, session.accountId);
    const entry = sessions.add(session, now);
    return { record: this.record(sessions, entry, now), evicted };
  }

  insertOnce(session: NewSession): OnceInsertion {
    const { app, id } = session;
    const sessions = this.of(app);
    const taken = sessions.get(id);
    if (taken !== undefined || this.#tombstone(sessions, id) !== undefined) {
      const entry = this.#requireLive(sessions, id, taken);
      return { record: this.record(sessions, entry), evicted: [], inserted: false };
    }
    const insertion = this.insert(session);
    // One past its time, which would keep the place in their order that it had.
    sessions.tombstones.delete(id);
    return { ...insertion, inserted: true };
  }

  renew(sessions: AppSessions, entry: SessionEntry, { activity, ttl }: Renewal = plainRenewal): Contact {
    const now = this.#clock.now();
    const idles = this.idles(entry);
    const previousTime = idles ? sessions.times.lastTime(entry.slot) : now;
    if (ttl !== undefined && ttl !== entry.ttl) sessions.setTtl(entry, ttl, idles);
    if (activity && idles) sessions.renew(entry, now);
    const cameOnline = sessions.contact(entry, now);
    return { record: this.record(sessions, entry, now), cameOnline, previousTime };
  }

  replace(app: string, newId: string, oldId: string): Replacement {
    const sessions = this.of(app);
    const entry = this.live(sessions, newId);
    const old = this.live(sessions, oldId);
    const attributes = Object.assign(Object.create(null), old.attributes, entry.attributes);
    entry.attributes = Object.freeze(attributes);
    const now = this.#clock.now();
    old.mailbox?.dropAged(now, this.context);
    entry.mailbox?.dropAged(now, this.context);
    let left = 0;
    if (old.mailbox !== undefined && old.mailbox.messages.length > 0) {
      left = this.#takeOver(sessions, entry, old.mailbox);
    }
    old.mailbox = undefined;
    const closed = { ...this.close(sessions, old, 'replaced'), undelivered: left };
    this.listener.changed(app, newId);
    this.tellChanged(app, newId);
    return { record: this.record(sessions, entry, now), closed };
  }

  /** @returns what the listeners of `closed` are told */
  close(sessions: AppSessions, entry: SessionEntry, reason: CloseReason): ClosedSession {
    const now = this.#clock.now();
    const { id, accountId, secretHash } = entry;
    entry.mailbox?.dropAged(now, this.context);
    const undelivered = entry.mailbox?.messages.length ?? 0;
    sessions.remove(entry, this.idles(entry));
    if (this.context.tombstoneTime > 0) sessions.tombstones.set(id, { secretHash, reason, closedAt: now });
    this.listener.closed(sessions.app, id, reason);
    this.tellChanged(sessions.app, id);
    return { app: sessions.app, id, accountId, reason, undelivered };
  }

  append(sessions: AppSessions, entry: SessionEntry, outgoing: OutgoingMessage): AppendOutcome {
    const { app } = sessions;
    const { id, accountId } = entry;
    const now = this.#clock.now();
    entry.mailbox ??= new Mailbox();
    const mailbox = entry.mailbox;
    const { verdict, dropped, message } = mailbox.append(outgoing, now, this.context);
    if (verdict === 'close') {
      const { undelivered } = this.close(sessions, entry, 'overflow');
      return { app, id, accountId, verdict, dropped, undelivered };
    }
    if (entry.parked > 0 && verdict !== 'full') {
      this.#unparkAll(sessions, entry, mailbox, now);
      if (message !== undefined) this.listener.appended(app, id, mailbox.epoch, message);
      else this.listener.changed(app, id);
    }
    return { app, id, accountId, verdict, dropped, undelivered: 0 };
  }

  read(app: string, id: string, request: ReadRequest): ReadResult {
    const sessions = this.of(app);
    const { secretHash, reader, after, limit, wait } = request;
    const entry = secretHash === undefined ? this.live(sessions, id) : this.proven(sessions, id, secretHash);
    const now = this.#clock.now();
    entry.mailbox ??= new Mailbox();
    const mailbox = entry.mailbox;
    const result = mailbox.read(reader, after, limit, now, this.context);
    if (result.droppedReader?.parked) this.#countUnparked(sessions, entry, now);
    const parks = wait > 0 && result.messages.length === 0 && result.lost === 0 && !result.reset;
    const cameOnline = sessions.contact(entry, now);
    this.#setParked(sessions, entry, reader, parks, now);
    if (this.context.pollRenews && entry.parked === 0) sessions.renew(entry, now);
    return {
      accountId: entry.accountId,
      epoch: mailbox.epoch,
      offset: result.offset,
      messages: result.messages,
      lost: result.lost,
      reset: result.reset,
      parked: parks,
      cameOnline,
      droppedReader: result.droppedReader?.name,
    };
  }

  release(sessions: AppSessions, entry: SessionEntry, reader: string): void {
    this.#setParked(sessions, entry, reader, false, this.#clock.now());
  }

  sweep(limit: number): Slice<ClosedSession> {
    const now = this.#clock.now();
    const items: ClosedSession[] = [];
    for (const sessions of this.#apps.values()) {
      for (const entry of sessions.due(now)) {
        if (items.length === limit) return { items, more: true };
        items.push(this.close(sessions, entry, this.deadReason(sessions, entry, now) ?? 'expired'));
      }
      if (sessions.dropTombstones(now - this.context.tombstoneTime, limit)) return { items, more: true };
      // Apps are named by callers; one without sessions must not be kept for ever.
      if (sessions.size === 0 && sessions.tombstones.size === 0) this.#apps.delete(sessions.app);
    }
    return { items, more: false };
  }

  judgePresence(limit: number): Slice<SessionReference> {
    const now = this.#clock.now();
    const items: SessionReference[] = [];
    let visited = 0;
    for (const sessions of this.#apps.values()) {
      for (const entry of sessions.silentSince(now - this.context.hbGrace)) {
        if (visited === limit) return { items, more: true };
        visited += 1;
        if (entry.parked > 0) {
          // A parked reader is a contact that lasts: looked at again one grace later.
          sessions.contact(entry, now);
          continue;
        }
        sessions.reportAway(entry);
        // One past its deadline is the sweep's to report.
        if (this.deadReason(sessions, entry, now) !== undefined) continue;
        items.push({ app: sessions.app, id: entry.id, accountId: entry.accountId });
      }
    }
    return { items, more: false };
  }

  #requireLive(sessions: AppSessions, id: string, entry: SessionEntry | undefined): SessionEntry {
    const reason = entry === undefined ? this.#tombstone(sessions, id)?.reason : this.deadReason(sessions, entry);
    if (reason !== undefined) throw sessionClosed(reason);
    if (entry === undefined) throw sessionUnknown();
    return entry;
  }

  /** Swept or not, a tombstone past its time is none. */
  #tombstone(sessions: AppSessions, id: string): Tombstone | undefined {
    const tombstone = sessions.tombstones.get(id);
    const forgotten = this.#clock.now() - this.context.tombstoneTime;
    return tombstone !== undefined && tombstone.closedAt > forgotten ? tombstone : undefined;
  }

  #makeRoom(sessions: AppSessions, accountId: string): readonly ClosedSession[] {
    const { maxSession, onMaxSession } = this.context;
    if (maxSession === 0) return [];
    const entries = [...this.liveOfAccount(sessions, accountId)];
    const excess = entries.length - maxSession + 1;
    if (excess <= 0) return [];
    if (onMaxSession === 'reject') {
      const text = `An account may hold at most maxSession (${maxSession}) live sessions; this one holds ${entries.length}`;
      throw new SessionError('SESSION_LIMIT', text, { accountId, maxSession });
    }
    // Entries come in order of creation; a stable sort keeps that order among equals.
    if (onMaxSession === 'evict-idle')
      entries.sort((one, other) => contactOf(sessions, one) - contactOf(sessions, other));
    return entries.slice(0, excess).map((entry) => this.close(sessions, entry, 'evicted'));
  }

  /** @returns how many messages did not fit */
  #takeOver(sessions: AppSessions, entry: SessionEntry, older: Mailbox): number {
    const bounds: MailboxBounds = { ...mailboxBounds(this.context), onOverflow: 'drop-oldest' };
    const merged = new Mailbox();
    let left = 0;
    for (const message of [...older.messages, ...(entry.mailbox?.messages ?? [])]) {
      left += merged.append(message, message.at, bounds).dropped;
    }
    if (entry.mailbox !== undefined) this.#unparkAll(sessions, entry, entry.mailbox, this.#clock.now());
    entry.mailbox = merged;
    return left;
  }

  /** Whether the entry stands in the order of activity. */
  idles(entry: SessionEntry): boolean {
    return entry.parked === 0 || !this.context.pollRenews;
  }

  #setParked(sessions: AppSessions, entry: SessionEntry, name: string, parks: boolean, now: number): void {
    const reader = entry.mailbox?.reader(name);
    if (reader === undefined || reader.parked === parks) return;
    reader.parked = parks;
    reader.lastPoll = now;
    if (!parks) {
      this.#countUnparked(sessions, entry, now);
      return;
    }
    if (entry.parked === 0 && this.context.pollRenews) sessions.stopIdling(entry);
    entry.parked += 1;
  }

  #countUnparked(sessions: AppSessions, entry: SessionEntry, now: number): void {
    entry.parked -= 1;
    if (entry.parked === 0) this.#startClocks(sessions, entry, now);
  }

  #unparkAll(sessions: AppSessions, entry: SessionEntry, mailbox: Mailbox, now: number): void {
    if (entry.parked === 0) return;
    mailbox.unparkAll(now);
    entry.parked = 0;
    this.#startClocks(sessions, entry, now);
  }

  /** The last parked reader was released: only now do silence and idleness begin. */
  #startClocks(sessions: AppSessions, entry: SessionEntry, now: number): void {
    sessions.contact(entry, now);
    if (!this.context.pollRenews) return;
    sessions.times.setLastTime(entry.slot, now);
    sessions.startIdling(entry);
  }
}

/** A parked reader is a contact that lasts. */
function contactOf(sessions: AppSessions, entry: SessionEntry): number {
  return entry.parked > 0 ? Number.POSITIVE_INFINITY : sessions.times.lastContact(entry.slot);
}

function mailboxBounds(context: SessionContext): MailboxBounds {
  const { msgMaxLength, mailboxMaxBytes, messageTtl, onOverflow, maxReader, readerGrace } = context;
  return { msgMaxLength, mailboxMaxBytes, messageTtl, onOverflow, maxReader, readerGrace };
}

/** In constant time, so that a wrong guess does not tell how far it was right. */
function isSameHash(expected: string, given: string): boolean {
  if (given.length !== expectedBytes.length) return false;
  expectedBytes.write(expected, 'latin1');
  givenBytes.write(given, 'latin1');
  return timingSafeEqual(expectedBytes, givenBytes);
}

/** Written over at each comparison: base64url of SHA-256 is 43 characters, and a hash of other length never matches. */
const expectedBytes = Buffer.alloc(43);
const givenBytes = Buffer.alloc(43);
