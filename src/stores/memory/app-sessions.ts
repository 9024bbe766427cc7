import type { CloseReason } from '../../errors/close-reason.js';
import type { NewSession } from '../../store/session-record.js';
import { AccountIndex } from './account-index.js';
import { DueLists } from './due-lists.js';
import { IdTable } from './id-table.js';
import { OrderedList, SlotLinks } from './ordered-list.js';
import { SessionEntry } from './session-entry.js';
import { SlotTimes } from './slot-times.js';

/** What is remembered of a closed session: why, for whoever holds its secret. */
export interface Tombstone {
  readonly secretHash: string;
  readonly reason: CloseReason;
  readonly closedAt: number;
}

/** When a session came into being and was last heard of, in milliseconds since the Unix epoch. */
export interface EntryTimes {
  readonly createdAt: number;
  readonly lastTime: number;
  readonly lastContact: number;
}

/**
 * The sessions of one app and every order in which they are looked at, kept in step:
 * by id, by account, by slot (for paging), by last activity among those with the same ttl, by creation among those with
 * the same maximal age, and by last contact among those reported online. Whatever is due is at the head of a list, so
 * that background work never looks at sessions that are not.
 */
export class AppSessions {
  readonly app: string;
  readonly accounts = new AccountIndex();
  readonly tombstones = new Map<string, Tombstone>();
  readonly times = new SlotTimes();
  readonly #slots: (SessionEntry | undefined)[] = [];
  readonly #byId = new IdTable(this.#slots);
  readonly #freeSlots: number[] = [];
  readonly #idle = new DueLists(new SlotLinks(), (slot) => this.times.lastTime(slot));
  readonly #aging = new DueLists(new SlotLinks(), (slot) => this.times.createdAt(slot));
  readonly #online = new OrderedList(new SlotLinks());

  constructor(app: string) {
    this.app = app;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Slots ever used; paging runs from 0 to here. */
  get slotCount(): number {
    return this.#slots.length;
  }

  get(id: string): SessionEntry | undefined {
    return this.#byId.find(id);
  }

  atSlot(slot: number): SessionEntry | undefined {
    return this.#slots[slot];
  }

  /** Takes in a new session: idle and present from now on. */
  add(session: NewSession, now: number): SessionEntry {
    const entry = this.register(session, { createdAt: now, lastTime: now, lastContact: now });
    this.startIdling(entry);
    this.#online.append(entry.slot);
    return entry;
  }

  /**
   * `add`, without the orders of activity and contact: for restoring, which sorts those by themselves.
   * @param times created not before any other session of this app
   */
  register(session: Omit<NewSession, 'app'>, times: EntryTimes): SessionEntry {
    const slot = this.#freeSlots.pop() ?? this.#slots.length;
    const entry = new SessionEntry(slot, session);
    this.times.set(slot, times.createdAt, times.lastTime, times.lastContact, session.maxAge);
    this.#slots[slot] = entry;
    this.#byId.insert(slot, entry);
    this.accounts.add(entry);
    if (session.maxAge > 0) this.#aging.append(slot, session.maxAge);
    return entry;
  }

  /** @param idling whether the entry is in the order of activity, as all are but those parked */
  remove(entry: SessionEntry, idling: boolean): void {
    const { slot } = entry;
    if (idling) this.stopIdling(entry);
    if (entry.reportedOnline) this.#online.remove(slot);
    const maxAge = this.times.maxAge(slot);
    if (maxAge > 0) this.#aging.remove(slot, maxAge);
    this.accounts.remove(entry);
    this.#byId.remove(slot);
    this.#slots[slot] = undefined;
    this.#freeSlots.push(slot);
  }

  /**
   * Why the session is dead by now, or `undefined` if it lives.
   * @param idles whether its idle clock runs
   */
  deadReason({ slot, ttl }: SessionEntry, now: number, idles: boolean): CloseReason | undefined {
    const idleDeadline = idles ? this.times.lastTime(slot) + ttl : Number.POSITIVE_INFINITY;
    const maxAge = this.times.maxAge(slot);
    const ageDeadline = maxAge === 0 ? Number.POSITIVE_INFINITY : this.times.createdAt(slot) + maxAge;
    if (now < idleDeadline && now < ageDeadline) return undefined;
    return idleDeadline <= ageDeadline ? 'expired' : 'max-age';
  }

  startIdling(entry: SessionEntry): void {
    this.#idle.append(entry.slot, entry.ttl);
  }

  stopIdling(entry: SessionEntry): void {
    this.#idle.remove(entry.slot, entry.ttl);
  }

  /** @param idling whether the entry is in the order of activity */
  setTtl(entry: SessionEntry, ttl: number, idling: boolean): void {
    if (idling) this.stopIdling(entry);
    entry.ttl = ttl;
    if (idling) this.#idle.insert(entry.slot, ttl);
  }

  renew(entry: SessionEntry, now: number): void {
    this.times.setLastTime(entry.slot, now);
    this.#idle.postpone(entry.slot, entry.ttl);
  }

  /** @returns whether the session had been reported away */
  contact(entry: SessionEntry, now: number): boolean {
    this.times.setLastContact(entry.slot, now);
    if (entry.reportedOnline) {
      this.#online.moveToEnd(entry.slot);
      return false;
    }
    entry.reportedOnline = true;
    this.#online.append(entry.slot);
    return true;
  }

  reportAway(entry: SessionEntry): void {
    entry.reportedOnline = false;
    this.#online.remove(entry.slot);
  }

  /** For restoring, in order of last contact. */
  restoreOnline(entry: SessionEntry): void {
    this.#online.append(entry.slot);
  }

  /** Sessions reported online without contact since then. Whoever takes one must report it away, or contact it. */
  *silentSince(time: number): Generator<SessionEntry, void> {
    const list = this.#online;
    for (let entry = this.#head(list); entry && this.times.lastContact(entry.slot) <= time; entry = this.#head(list))
      yield entry;
  }

  /** Sessions past their deadlines. Whoever takes one must remove it before asking for the next. */
  *due(now: number): Generator<SessionEntry, void> {
    for (;;) {
      const slot = this.#idle.firstDue(now) ?? this.#aging.firstDue(now);
      const entry = slot === undefined ? undefined : this.#slots[slot];
      if (entry === undefined) return;
      yield entry;
    }
  }

  /** @returns whether more than `limit` of them were due */
  dropTombstones(closedBefore: number, limit: number): boolean {
    let left = limit;
    for (const [id, tombstone] of this.tombstones) {
      if (tombstone.closedAt > closedBefore) return false;
      if (left === 0) return true;
      this.tombstones.delete(id);
      left -= 1;
    }
    return false;
  }

  #head(list: OrderedList): SessionEntry | undefined {
    return list.first === undefined ? undefined : this.#slots[list.first];
  }
}
