import { deadlineOf } from '../../../store/engine/deadlines.js';
import type { Amendments, SessionEntry } from '../../../store/engine/tables.js';
import type { AttributeTexts, NewSession } from '../../../store/session-record.js';
import { amendmentsOfText, textOfAmendments } from './amendments-text.js';
import type { EntryStorage, FoundBy } from './entry-storage.js';
import { KnownSession } from './known-sessions.js';
import { RowMailbox } from './row-mailbox.js';
import { attributesOf, textOf } from './stored-attributes.js';
import { type ContactValues, newVersion, type SessionValues, type StoredSession } from './stored-session.js';

/** Key of a session that is not in the database yet. */
const noKey = 0;

/** A session that was read from the database, for one step. */
export class RowEntry implements SessionEntry {
  readonly #storage: EntryStorage;
  /** As the session is in the database. Only `save` changes it. */
  readonly #stored: StoredSession;
  /** The stored values, or copies if this entry has changed them. */
  #session: SessionValues;
  #contact: ContactValues;
  readonly #foundBy: FoundBy;
  #mailbox: RowMailbox | undefined;
  #attributes: AttributeTexts | undefined;
  #known: KnownSession | undefined;

  constructor(storage: EntryStorage, stored: StoredSession, foundBy?: FoundBy) {
    this.#storage = storage;
    this.#stored = stored;
    this.#session = stored.session;
    this.#contact = stored.contact;
    this.#foundBy = foundBy;
  }

  /** Creates an entry of a known session, whose values do not change unless the entry is saved. */
  static ofKnown(storage: EntryStorage, known: KnownSession): RowEntry {
    const entry = new RowEntry(storage, known.stored);
    entry.#known = known;
    return entry;
  }

  /** Creates an entry of a new session, which `save` inserts. */
  static create(storage: EntryStorage, session: NewSession, now: number): RowEntry {
    const { app, id, accountId, secretHash, maxAge, ip, userAgent, attributes, ttl } = session;
    const entry = new RowEntry(storage, {
      key: noKey,
      // Copied field by field: for an object spread, V8 would take longer than SQLite takes for a statement.
      session: {
        app,
        id,
        accountId,
        secretHash,
        generation: 0,
        createdAt: now,
        maxAge,
        ip,
        userAgent,
        amendments: null,
        attributes: textOf(attributes),
        writes: 0,
      },
      contact: {
        lastTime: now,
        lastContact: now,
        ttl,
        reads: 0,
        dueAt: 0,
        silentAt: now + storage.hbGrace,
        parked: 0,
        retained: 0,
        mailbox: null,
      },
      version: newVersion(),
    });
    if (Object.isFrozen(attributes)) entry.#attributes = attributes;
    return entry;
  }

  get app(): string {
    return this.#session.app;
  }

  get id(): string {
    return this.#session.id;
  }

  get place(): string {
    return this.#session.id;
  }

  get accountId(): string {
    return this.#session.accountId;
  }

  get createdAt(): number {
    return this.#session.createdAt;
  }

  get maxAge(): number {
    return this.#session.maxAge;
  }

  get ip(): string {
    return this.#session.ip;
  }

  get userAgent(): string {
    return this.#session.userAgent;
  }

  get secretHash(): string {
    return this.#session.secretHash;
  }

  set secretHash(hash: string) {
    this.#ownSession.secretHash = hash;
  }

  get generation(): number {
    return this.#session.generation;
  }

  set generation(generation: number) {
    this.#ownSession.generation = generation;
  }

  get amendments(): Amendments | undefined {
    const { amendments } = this.#session;
    return amendments === null ? undefined : amendmentsOfText(amendments);
  }

  set amendments(amendments: Amendments | undefined) {
    this.#ownSession.amendments = amendments === undefined ? null : textOfAmendments(amendments);
  }

  get attributes(): AttributeTexts {
    this.#attributes ??= this.#readAttributes();
    return this.#attributes;
  }

  set attributes(attributes: AttributeTexts) {
    this.#attributes = attributes;
    this.#ownSession.attributes = textOf(attributes);
  }

  get writes(): number {
    return this.#session.writes;
  }

  set writes(writes: number) {
    this.#ownSession.writes = writes;
  }

  get reads(): number {
    return this.#contact.reads;
  }

  set reads(reads: number) {
    this.#ownContact.reads = reads;
  }

  get ttl(): number {
    return this.#contact.ttl;
  }

  set ttl(ttl: number) {
    this.#ownContact.ttl = ttl;
  }

  get lastTime(): number {
    return this.#contact.lastTime;
  }

  set lastTime(time: number) {
    this.#ownContact.lastTime = time;
  }

  get lastContact(): number {
    return this.#contact.lastContact;
  }

  set lastContact(time: number) {
    this.#ownContact.lastContact = time;
  }

  get reportedOnline(): boolean {
    return this.#contact.silentAt !== null;
  }

  set reportedOnline(isOnline: boolean) {
    this.#ownContact.silentAt = isOnline ? this.#silentAt : null;
  }

  get isParked(): boolean {
    return this.#mailbox === undefined ? this.#contact.parked === 1 : this.#mailbox.isAnyParked;
  }

  get mailbox(): RowMailbox | undefined {
    const { mailbox } = this.#contact;
    if (this.#mailbox === undefined && mailbox !== null) {
      this.#mailbox =
        this.#takeKnownMailbox() ??
        new RowMailbox(this.#storage.messages, this.#storage.history, this.#stored.key, mailbox);
    }
    return this.#mailbox;
  }

  createMailbox(): RowMailbox {
    this.#mailbox = new RowMailbox(this.#storage.messages, this.#storage.history, this.#stored.key, undefined);
    return this.#mailbox;
  }

  undelivered(now: number, messageTtl: number): number {
    const retained = this.#mailbox?.retained ?? this.#contact.retained;
    // The age of messages is known only once the mailbox is read.
    return retained === 0 || messageTtl === 0 ? retained : (this.mailbox?.countFresh(now, messageTtl) ?? 0);
  }

  save(): void {
    const contact = this.#ownContact;
    if (this.#mailbox !== undefined) {
      contact.mailbox = this.#mailbox.state;
      contact.retained = this.#mailbox.retained;
      contact.parked = this.#mailbox.isAnyParked ? 1 : 0;
    }
    const stored = this.#stored;
    const isNew = stored.key === noKey;
    // A postponed deadline is found too early, and corrected only then, because most are postponed many times.
    const deadline = Math.min(deadlineOf(this), Number.MAX_SAFE_INTEGER);
    if (isNew || this.#foundBy === 'due' || deadline < contact.dueAt) contact.dueAt = deadline;
    if (this.#foundBy === 'silent' && this.reportedOnline) contact.silentAt = this.#silentAt;
    const { sessions } = this.#storage;
    const session = this.#session;
    if (isNew) {
      stored.key = sessions.insert(session, contact, stored.version);
    } else {
      const moves = contact.dueAt !== stored.contact.dueAt || contact.silentAt !== stored.contact.silentAt;
      if (session !== stored.session) sessions.updateSession(stored.key, session);
      sessions.updateContact(stored.key, session, contact, moves);
      stored.version += 1;
    }
    if (session !== stored.session) Object.assign(stored.session, session);
    Object.assign(stored.contact, contact);
    this.#session = stored.session;
    this.#contact = stored.contact;
    this.#noteSaved();
  }

  remove(): void {
    this.#storage.known.delete(this.id);
    if ((this.#mailbox?.retained ?? this.#contact.retained) > 0) this.mailbox?.clear();
    this.#storage.sessions.delete(this.#stored.key);
  }

  /** Keeps the saved values as those of the known session, until another version is found in the database. */
  #noteSaved(): void {
    const known = this.#known ?? new KnownSession(this.#stored);
    if (this.#mailbox !== undefined) known.mailbox = this.#mailbox;
    if (this.#attributes !== undefined) known.attributes = this.#attributes;
    this.#storage.known.put(known);
    this.#known = undefined;
  }

  get #ownSession(): SessionValues {
    if (this.#session === this.#stored.session) this.#session = { ...this.#session };
    return this.#session;
  }

  get #ownContact(): ContactValues {
    if (this.#contact === this.#stored.contact) this.#contact = { ...this.#contact };
    return this.#contact;
  }

  /** Takes the mailbox as the last step left it, if no new history has begun since then. */
  #takeKnownMailbox(): RowMailbox | undefined {
    const mailbox = this.#known?.mailbox;
    if (this.#known !== undefined) this.#known.mailbox = undefined;
    return mailbox?.isOfHistory === true ? mailbox : undefined;
  }

  #readAttributes(): AttributeTexts {
    const known = this.#known;
    if (known === undefined) return attributesOf(this.#session.attributes);
    known.attributes ??= attributesOf(known.stored.session.attributes);
    return known.attributes;
  }

  get #silentAt(): number {
    return this.#contact.lastContact + this.#storage.hbGrace;
  }
}
