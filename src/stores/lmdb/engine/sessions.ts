import { timingSafeEqual } from 'node:crypto';
import type { SessionContext } from '../../../context/session-context.js';
import type { CloseReason } from '../../../errors/close-reason.js';
import type { Reader } from '../../../mailbox/reader.js';
import type { ClosedReply, ContactReply, RecordReply } from '../wire.js';
import type { Ledger } from './ledger.js';
import { closedSession, unknownSession } from './refused.js';
import type { SessionRow, TombstoneRow } from './rows.js';
import { nameOf, SessionEntry } from './session-entry.js';
import { beyondAll, numberText, type Tables } from './tables.js';

/** How long after its wait a parked reader is released, should its node not have done so. Milliseconds. */
export const parkSlack = 1_000;

/** Sessions and the orders in which they are found, kept in step: the rules that all operations build on. */
export class Sessions {
  readonly context: SessionContext;
  readonly #ledger: Ledger;
  readonly #tables: Tables;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.context = ledger.context;
    this.#tables = ledger.tables;
  }

  get now(): number {
    return this.#ledger.now;
  }

  /** The session, live or dead or a tombstone. */
  find(app: string, id: string): SessionEntry | TombstoneRow | undefined {
    const row = this.#tables.sessions.get(nameOf(app, id));
    return row === undefined || row[0] === 0 ? row : this.entryOf(app, id, row);
  }

  entryOf(app: string, id: string, row: SessionRow): SessionEntry {
    const entry = new SessionEntry(this.#tables, app, id, row);
    this.#releaseOverdue(entry);
    return entry;
  }

  findLive(app: string, id: string): SessionEntry | undefined {
    const found = this.find(app, id);
    return found instanceof SessionEntry && this.deadReason(found) === undefined ? found : undefined;
  }

  /** @throws Refused */
  live(app: string, id: string): SessionEntry {
    return this.#requireLive(this.find(app, id));
  }

  /** As `live`, for a caller who claims to be the bearer: nothing is said of the session to one who is not. */
  proven(app: string, id: string, secretHash: string): SessionEntry {
    const found = this.find(app, id);
    if (found === undefined || !isSameHash(found instanceof SessionEntry ? found.secretHash : found[1], secretHash)) {
      throw unknownSession;
    }
    return this.#requireLive(found);
  }

  liveOfAccount(app: string, accountId: string): readonly SessionEntry[] {
    const prefix = accountPrefix(app, accountId);
    const live: SessionEntry[] = [];
    for (const { value: id } of [...this.#tables.accounts.getRange({ start: prefix, end: prefix + beyondAll })]) {
      const entry = this.findLive(app, id);
      if (entry !== undefined) live.push(entry);
    }
    return live;
  }

  /** How many places the account takes in the index: of live sessions, and of those that no sweep has reclaimed. */
  countPlaces(app: string, accountId: string): number {
    const prefix = accountPrefix(app, accountId);
    return this.#tables.accounts.getKeysCount({ start: prefix, end: prefix + beyondAll });
  }

  deadReason(entry: SessionEntry): CloseReason | undefined {
    return entry.deadReason(this.context, this.now);
  }

  isActiveWithin(entry: SessionEntry, within: number): boolean {
    return !entry.idles(this.context) || this.now - entry.lastTime <= within;
  }

  /** Takes in a session that is new: idle and present from now on. */
  add(entry: SessionEntry, attributes: readonly string[]): void {
    entry.onlineAt = this.now + this.context.hbGrace;
    entry.hasAttributes = attributes.length > 0;
    this.#tables.accounts.put(placeOf(entry), entry.id);
    this.#tables.online.put(timedKey(entry.onlineAt, entry), 0);
    if (entry.hasAttributes) this.#tables.attributes.put(entry.name, attributes);
    this.save(entry);
  }

  save(entry: SessionEntry): void {
    const deadline = entry.deadline(this.context, this.now);
    // Put off, it is found too early, and put right then: most sessions are renewed many times before.
    if (entry.dueAt === 0 || deadline < entry.dueAt) this.moveDue(entry, deadline);
    this.#tables.sessions.put(entry.name, entry.row);
  }

  /** To be saved by the caller. */
  moveDue(entry: SessionEntry, deadline: number): void {
    if (entry.dueAt !== 0) this.#tables.due.remove(timedKey(entry.dueAt, entry));
    entry.dueAt = deadline;
    this.#tables.due.put(timedKey(deadline, entry), 0);
  }

  /** To be saved by the caller. @param silentAt 0 once it was reported away */
  moveOnline(entry: SessionEntry, silentAt: number): void {
    if (entry.onlineAt !== 0) this.#tables.online.remove(timedKey(entry.onlineAt, entry));
    entry.onlineAt = silentAt;
    if (silentAt !== 0) this.#tables.online.put(timedKey(silentAt, entry), 0);
  }

  /** To be saved by the caller. @returns whether it had been reported away */
  contact(entry: SessionEntry): boolean {
    entry.lastContact = Math.max(entry.lastContact, this.now);
    if (entry.onlineAt !== 0) return false;
    this.moveOnline(entry, this.now + this.context.hbGrace);
    return true;
  }

  /** A contact now, and activity; saves. A parked reader is activity that lasts. */
  renew(entry: SessionEntry, activity = true, ttl = entry.ttl): ContactReply {
    const previousTime = entry.idles(this.context) ? entry.lastTime : this.now;
    entry.ttl = ttl;
    if (activity) entry.lastTime = Math.max(entry.lastTime, this.now);
    const cameOnline = this.contact(entry);
    this.save(entry);
    return [this.record(entry), cameOnline, previousTime];
  }

  /** The reader is released at that time: only now do silence and idleness begin. To be saved by the caller. */
  unpark(entry: SessionEntry, reader: Reader, time: number): void {
    reader.parkedUntil = 0;
    reader.lastPoll = time;
    entry.lastContact = Math.max(entry.lastContact, time);
    if (this.context.pollRenews) entry.lastTime = Math.max(entry.lastTime, time);
  }

  /** Ends the session, and tells whoever waits on it, or keeps a copy. */
  close(entry: SessionEntry, reason: CloseReason): ClosedReply {
    const { app, id, name, mailbox } = entry;
    const { tombstoneTime, messageTtl } = this.context;
    this.#tables.accounts.remove(placeOf(entry));
    this.#tables.due.remove(timedKey(entry.dueAt, entry));
    if (entry.onlineAt !== 0) this.#tables.online.remove(timedKey(entry.onlineAt, entry));
    if (entry.hasAttributes) this.#tables.attributes.remove(name);
    const undelivered = mailbox?.countFresh(this.now, messageTtl) ?? 0;
    for (const node of parkedAt(mailbox?.allReaders ?? [])) this.#ledger.tell(node, ['closed', app, id, reason]);
    mailbox?.clear();
    if (tombstoneTime > 0) {
      const forgottenAt = this.now + tombstoneTime;
      this.#tables.sessions.put(name, [0, entry.secretHash, reason, forgottenAt]);
      this.#tables.due.put(timedKey(forgottenAt, entry), 0);
    } else {
      this.#tables.sessions.remove(name);
    }
    this.#ledger.tellSessionChanged(app, id);
    return [app, id, entry.accountId, reason, undelivered];
  }

  /** Readers whose node is gone, or forgot them. */
  #releaseOverdue(entry: SessionEntry): void {
    for (const reader of entry.mailbox?.allReaders ?? []) {
      if (reader.parkedUntil !== 0 && reader.parkedUntil <= this.now) this.unpark(entry, reader, reader.parkedUntil);
    }
  }

  attributesOf(entry: SessionEntry): readonly string[] {
    return entry.hasAttributes ? (this.#tables.attributes.get(entry.name) ?? []) : [];
  }

  /** The session as it is shown. Changes nothing: not even what is too old is let go of. */
  record(entry: SessionEntry): RecordReply {
    const { context, now } = this;
    const isParked = entry.isParked;
    return [
      entry.accountId,
      entry.createdAt,
      context.pollRenews && isParked ? now : entry.lastTime,
      entry.ttl,
      entry.maxAge,
      entry.ip,
      entry.userAgent,
      entry.reads,
      entry.writes,
      isParked || now - entry.lastContact < context.hbGrace,
      entry.mailbox?.countFresh(now, context.messageTtl) ?? 0,
      entry.hasAttributes ? this.attributesOf(entry) : null,
      entry.id,
    ];
  }

  #requireLive(found: SessionEntry | TombstoneRow | undefined): SessionEntry {
    if (!(found instanceof SessionEntry)) {
      // Swept or not, a tombstone past its time is none.
      if (found !== undefined && found[3] > this.now) throw closedSession(found[2]);
      throw unknownSession;
    }
    const reason = this.deadReason(found);
    if (reason !== undefined) throw closedSession(reason);
    return found;
  }
}

/** The nodes where a reader is parked, each once. */
export function parkedAt(readers: readonly Reader[]): ReadonlySet<string> {
  const nodes = new Set<string>();
  for (const { parkedUntil, node } of readers) if (parkedUntil !== 0) nodes.add(node);
  return nodes;
}

function timedKey(time: number, { name }: { readonly name: string }): string {
  return numberText(time) + name;
}

/** No account contains what stands behind it. */
function accountPrefix(app: string, accountId: string): string {
  return `${app}:${accountId}\n`;
}

function placeOf({ app, accountId, birth }: SessionEntry): string {
  return accountPrefix(app, accountId) + numberText(birth);
}

/** SHA-256 as base64url. */
const hashLength = 43;
/** Written over at each comparison. */
const expectedBytes = Buffer.alloc(hashLength);
const givenBytes = Buffer.alloc(hashLength);

/** In constant time, so that a wrong guess does not tell how far it was right. */
function isSameHash(expected: string, given: string): boolean {
  if (given.length !== hashLength) return false;
  expectedBytes.write(expected, 'latin1');
  givenBytes.write(given, 'latin1');
  return timingSafeEqual(expectedBytes, givenBytes);
}
