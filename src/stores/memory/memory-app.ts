import type { Tombstone } from '../../store/engine/tables.js';
import type { NewSession } from '../../store/session-record.js';
import { AccountIndex } from './account-index.js';
import { DueLists } from './due-lists.js';
import { IdTable } from './id-table.js';
import { type EntryOrders, MemoryEntry } from './memory-entry.js';
import { OrderedList, SlotLinks } from './ordered-list.js';
import { SlotTimes } from './slot-times.js';

/** Times of a session's creation, last activity and last contact, in milliseconds since the Unix epoch. */
export interface EntryTimes {
  readonly createdAt: number;
  readonly lastTime: number;
  readonly lastContact: number;
}

/** Numbers of sessions that all apps of a store share. */
export interface MemoryTotals {
  sessions: number;
  /** How many of them are reported online. */
  online: number;
}

/**
 * The sessions of one app, with all indexes and orders, which are always consistent with each other: by id, by account,
 * by slot (for paging), by last activity among sessions with the same ttl, by creation among sessions with the same
 * maximal age, and by last contact among sessions reported online. Due sessions are at the head of a list, so that
 * background work never looks at sessions that are not due.
 */
export class MemoryApp implements EntryOrders {
  readonly app: string;
  readonly accounts = new AccountIndex();
  /** Tombstones by id, in the order in which they are dropped. */
  readonly tombstones = new Map<string, Tombstone>();
  readonly times = new SlotTimes();
  readonly #slots: (MemoryEntry | undefined)[] = [];
  readonly #byId = new IdTable(this.#slots);
  readonly #freeSlots: number[] = [];
  readonly #idle = new DueLists(new SlotLinks(), (slot) => this.times.lastTime(slot));
  readonly #aging = new DueLists(new SlotLinks(), (slot) => this.times.createdAt(slot));
  readonly #online = new OrderedList(new SlotLinks());
  readonly #totals: MemoryTotals;

  constructor(app: string, totals: MemoryTotals = { sessions: 0, online: 0 }) {
    this.app = app;
    this.#totals = totals;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Number of slots ever used. Paging runs over all slots below this number. */
  get slotCount(): number {
    return this.#slots.length;
  }

  get(id: string): MemoryEntry | undefined {
    return this.#byId.find(id);
  }

  atSlot(slot: number): MemoryEntry | undefined {
    return this.#slots[slot];
  }

  /** Adds a new session, which is active and online from now on. */
  add(session: NewSession, now: number): MemoryEntry {
    const entry = this.register(session, { createdAt: now, lastTime: now, lastContact: now }, true);
    this.addIdle(entry);
    this.addOnline(entry);
    return entry;
  }

  /**
   * Like `add`, without the orders of activity and contact: the restore of a snapshot fills each in its own pass.
   * @param times `createdAt` must not be before that of any other session of this app
   */
  register(
    session: Omit<NewSession, 'app' | 'maxSession' | 'level'>,
    times: EntryTimes,
    reportedOnline: boolean,
  ): MemoryEntry {
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    const entry = new MemoryEntry(this, slot, session, reportedOnline);
    this.times.set(slot, times.createdAt, times.lastTime, times.lastContact, session.maxAge);
    this.#slots[slot] = entry;
    this.#byId.insert(slot, entry);
    this.accounts.add(entry);
    if (session.maxAge > 0) this.#aging.append(slot, session.maxAge);
    this.#totals.sessions += 1;
    return entry;
  }

  remove(entry: MemoryEntry): void {
    const { slot } = entry;
    this.#idle.remove(slot, entry.ttl);
    if (entry.reportedOnline) this.removeOnline(entry);
    const maxAge = this.times.maxAge(slot);
    if (maxAge > 0) this.#aging.remove(slot, maxAge);
    this.accounts.remove(entry);
    this.#byId.remove(slot);
    this.#slots[slot] = undefined;
    this.#freeSlots.push(slot);
    this.#totals.sessions -= 1;
  }

  /** @param entry its last activity must not be before that of any other entry in the order */
  addIdle(entry: MemoryEntry): void {
    this.#idle.append(entry.slot, entry.ttl);
  }

  moveByActivity(entry: MemoryEntry, lastTime: number): void {
    this.times.setLastTime(entry.slot, lastTime);
    this.#idle.postpone(entry.slot, entry.ttl);
  }

  moveByTtl(entry: MemoryEntry, previousTtl: number): void {
    this.#idle.remove(entry.slot, previousTtl);
    this.#idle.insert(entry.slot, entry.ttl);
  }

  moveByContact(entry: MemoryEntry, lastContact: number): void {
    this.times.setLastContact(entry.slot, lastContact);
    if (entry.reportedOnline) this.#online.moveToEnd(entry.slot);
  }

  /** @param entry its last contact must not be before that of any other entry in the order */
  addOnline(entry: MemoryEntry): void {
    this.#online.append(entry.slot);
    this.#totals.online += 1;
  }

  removeOnline(entry: MemoryEntry): void {
    this.#online.remove(entry.slot);
    this.#totals.online -= 1;
  }

  /** Yields sessions whose ttl or maximal age has passed. Repeats a session that is neither removed nor renewed. */
  *due(now: number): Generator<MemoryEntry, void> {
    for (;;) {
      const slot = this.#idle.firstDue(now) ?? this.#aging.firstDue(now);
      const entry = slot === undefined ? undefined : this.#slots[slot];
      if (entry === undefined) return;
      yield entry;
    }
  }

  /** Yields sessions reported online without a contact since then. Repeats a session that is left unchanged. */
  *silent(contactedBefore: number): Generator<MemoryEntry, void> {
    for (;;) {
      const slot = this.#online.first;
      const entry = slot === undefined ? undefined : this.#slots[slot];
      if (entry === undefined || entry.lastContact > contactedBefore) return;
      yield entry;
    }
  }

  bury(id: string, tombstone: Tombstone): void {
    // Setting a key again would keep its old position in the Map.
    this.tombstones.delete(id);
    this.tombstones.set(id, tombstone);
  }

  /** @returns `most` minus the number of tombstones dropped */
  dropTombstones(now: number, most: number): number {
    let left = most;
    for (const [id, { forgottenAt }] of this.tombstones) {
      if (left === 0 || forgottenAt > now) break;
      this.tombstones.delete(id);
      left -= 1;
    }
    return left;
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.tombstones.size === 0;
  }
}
