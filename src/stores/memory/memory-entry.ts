import { Mailbox } from '../../mailbox/mailbox.js';
import type { Amendments, SessionEntry } from '../../store/engine/tables.js';
import type { AttributeTexts, NewSession } from '../../store/session-record.js';
import type { SlotTimes } from './slot-times.js';

/** The part of its app that an entry needs: its times, and the orders that depend on them. */
export interface EntryOrders {
  readonly app: string;
  readonly times: SlotTimes;
  moveByActivity(entry: MemoryEntry, lastTime: number): void;
  moveByTtl(entry: MemoryEntry, previousTtl: number): void;
  moveByContact(entry: MemoryEntry, lastContact: number): void;
  addOnline(entry: MemoryEntry): void;
  removeOnline(entry: MemoryEntry): void;
  remove(entry: MemoryEntry): void;
}

/** A session in memory. Its times are stored by slot. Assigning to a time also updates the orders that depend on it. */
export class MemoryEntry implements SessionEntry {
  /** Index of the entry in the app's tables. */
  readonly slot: number;
  readonly id: string;
  readonly accountId: string;
  secretHash: string;
  generation = 0;
  readonly ip: string;
  readonly userAgent: string;
  amendments: Amendments | undefined = undefined;
  attributes: AttributeTexts;
  reads = 0;
  writes = 0;
  mailbox: Mailbox | undefined = undefined;
  readonly #orders: EntryOrders;
  #ttl: number;
  #reportedOnline: boolean;

  /** @param reportedOnline whether the entry is in the order of contacts; the caller adds it there */
  constructor(
    orders: EntryOrders,
    slot: number,
    session: Omit<NewSession, 'app' | 'maxAge' | 'maxSession' | 'level'>,
    reportedOnline = true,
  ) {
    this.slot = slot;
    this.id = session.id;
    this.accountId = session.accountId;
    this.secretHash = session.secretHash;
    this.ip = session.ip;
    this.userAgent = session.userAgent;
    this.attributes = session.attributes;
    this.#orders = orders;
    this.#ttl = session.ttl;
    this.#reportedOnline = reportedOnline;
  }

  get app(): string {
    return this.#orders.app;
  }

  get createdAt(): number {
    return this.#orders.times.createdAt(this.slot);
  }

  get maxAge(): number {
    return this.#orders.times.maxAge(this.slot);
  }

  get lastTime(): number {
    return this.#orders.times.lastTime(this.slot);
  }

  set lastTime(time: number) {
    this.#orders.moveByActivity(this, time);
  }

  get lastContact(): number {
    return this.#orders.times.lastContact(this.slot);
  }

  set lastContact(time: number) {
    this.#orders.moveByContact(this, time);
  }

  get ttl(): number {
    return this.#ttl;
  }

  set ttl(ttl: number) {
    const previousTtl = this.#ttl;
    this.#ttl = ttl;
    this.#orders.moveByTtl(this, previousTtl);
  }

  get reportedOnline(): boolean {
    return this.#reportedOnline;
  }

  set reportedOnline(isOnline: boolean) {
    if (isOnline === this.#reportedOnline) return;
    this.#reportedOnline = isOnline;
    if (isOnline) this.#orders.addOnline(this);
    else this.#orders.removeOnline(this);
  }

  get place(): string {
    return String(this.slot);
  }

  get isParked(): boolean {
    return this.mailbox?.isAnyParked === true;
  }

  createMailbox(): Mailbox {
    this.mailbox = new Mailbox();
    return this.mailbox;
  }

  undelivered(now: number, messageTtl: number): number {
    return this.mailbox?.countFresh(now, messageTtl) ?? 0;
  }

  /** Does nothing: every change has been made in place. */
  save(): void {}

  remove(): void {
    this.#orders.remove(this);
  }
}
