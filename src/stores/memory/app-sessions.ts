import type { CloseReason } from '../../core/close-reason.js';
import { AccountIndex } from './account-index.js';
import { OrderedList, SlotLinks } from './ordered-list.js';
import type { SessionEntry } from './session-entry.js';
import { ShardedMap } from './sharded-map.js';

/** What is remembered of a closed session: why, for whoever holds its secret. */
export interface Tombstone {
  readonly secretHash: string;
  readonly reason: CloseReason;
  readonly closedAt: number;
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
  readonly #byId = new ShardedMap<SessionEntry>();
  readonly #slots: (SessionEntry | undefined)[] = [];
  readonly #freeSlots: number[] = [];
  readonly #idleLinks = new SlotLinks();
  readonly #ageLinks = new SlotLinks();
  readonly #idleLists = new Map<number, OrderedList>();
  readonly #ageLists = new Map<number, OrderedList>();
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
    return this.#byId.get(id);
  }

  atSlot(slot: number): SessionEntry | undefined {
    return this.#slots[slot];
  }

  /** @param entry created not before any other of this app; idle and present from now on */
  add(entry: SessionEntry): void {
    this.register(entry);
    this.startIdling(entry);
    this.#online.append(entry.slot);
  }

  /** `add`, without the orders of activity and contact: for restoring, which sorts those by themselves. */
  register(entry: SessionEntry): void {
    entry.slot = this.#freeSlots.pop() ?? this.#slots.length;
    this.#slots[entry.slot] = entry;
    this.#byId.set(entry.id, entry);
    this.accounts.add(entry);
    if (entry.maxAge > 0) listOf(this.#ageLists, entry.maxAge, this.#ageLinks).append(entry.slot);
  }

  /** @param idling whether the entry is in the order of activity, as all are but those parked */
  remove(entry: SessionEntry, idling: boolean): void {
    const { slot } = entry;
    if (idling) this.stopIdling(entry);
    if (entry.reportedOnline) this.#online.remove(slot);
    if (entry.maxAge > 0) dropFrom(this.#ageLists, entry.maxAge, slot);
    this.accounts.remove(entry);
    this.#byId.delete(entry.id);
    this.#slots[slot] = undefined;
    this.#freeSlots.push(slot);
  }

  startIdling(entry: SessionEntry): void {
    listOf(this.#idleLists, entry.ttl, this.#idleLinks).append(entry.slot);
  }

  stopIdling(entry: SessionEntry): void {
    dropFrom(this.#idleLists, entry.ttl, entry.slot);
  }

  renew(entry: SessionEntry, now: number): void {
    entry.lastTime = now;
    this.#idleLists.get(entry.ttl)?.moveToEnd(entry.slot);
  }

  /** @returns whether the session had been reported away */
  contact(entry: SessionEntry, now: number): boolean {
    entry.lastContact = now;
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
    for (let entry = this.#head(list); entry && entry.lastContact <= time; entry = this.#head(list)) yield entry;
  }

  /** Sessions past their deadlines. Whoever takes one must remove it before asking for the next. */
  *due(now: number): Generator<SessionEntry, void> {
    for (const [ttl, list] of this.#idleLists) {
      for (let entry = this.#head(list); entry && entry.lastTime + ttl <= now; entry = this.#head(list)) yield entry;
    }
    for (const [maxAge, list] of this.#ageLists) {
      for (let entry = this.#head(list); entry && entry.createdAt + maxAge <= now; entry = this.#head(list))
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

function listOf(lists: Map<number, OrderedList>, duration: number, links: SlotLinks): OrderedList {
  let list = lists.get(duration);
  if (list === undefined) {
    list = new OrderedList(links);
    lists.set(duration, list);
  }
  return list;
}

/** Lists that empty go, or a caller who gives every session a ttl of its own would grow the map for ever. */
function dropFrom(lists: Map<number, OrderedList>, duration: number, slot: number): void {
  const list = lists.get(duration);
  if (list === undefined) return;
  list.remove(slot);
  if (list.first === undefined) lists.delete(duration);
}
