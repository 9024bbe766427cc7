import { OrderedList, type SlotLinks } from './ordered-list.js';

/** The slots that share one duration, in order of the time from which the duration counts. */
interface DueList {
  readonly duration: number;
  readonly slots: OrderedList;
  /** No slot of the list falls due before this time. May be earlier than the first due time, never later. */
  bound: number;
}

/**
 * Slots that fall due when a duration has passed since a time of the slot. Slots with the same duration are in one
 * list, in order of that time. A heap orders the lists by a lower bound of their first due time. The bound is corrected
 * only when it is reached. While nothing is due, `firstDue` costs next to nothing, however many slots or durations
 * there are. Postponing a slot, by far the most frequent operation, is O(1) and does not touch the heap.
 */
export class DueLists {
  readonly #links: SlotLinks;
  readonly #timeOf: (slot: number) => number;
  readonly #byDuration = new Map<number, DueList>();
  /** A binary heap: no list has a bound before that of its parent, which is at (index - 1) / 2. */
  readonly #heap: DueList[] = [];

  /**
   * @param timeOf returns the time from which a slot's duration counts, never before that of a slot appended earlier
   */
  constructor(links: SlotLinks, timeOf: (slot: number) => number) {
    this.#links = links;
    this.#timeOf = timeOf;
  }

  append(slot: number, duration: number): void {
    this.#listFor(slot, duration).slots.append(slot);
  }

  /** Like `append`, for a slot with an arbitrary time. Searches from the end, past each slot with a later time. */
  insert(slot: number, duration: number): void {
    const list = this.#listFor(slot, duration);
    const time = this.#timeOf(slot);
    list.slots.insertWhere(slot, (earlier) => this.#timeOf(earlier) <= time);
    const due = time + duration;
    if (due >= list.bound) return;
    list.bound = due;
    this.#siftUp(this.#heap.indexOf(list));
  }

  /** @param slot must be in the list of this duration. An empty list is kept until its bound is reached */
  remove(slot: number, duration: number): void {
    this.#byDuration.get(duration)?.slots.remove(slot);
  }

  /** Moves the slot to the end of its list: its time is now the latest of all. */
  postpone(slot: number, duration: number): void {
    this.#byDuration.get(duration)?.slots.moveToEnd(slot);
  }

  /** Returns a slot that is due, if any. Returns the same slot again until the caller removes or postpones it. */
  firstDue(now: number): number | undefined {
    for (let list = this.#heap[0]; list !== undefined && list.bound <= now; list = this.#heap[0]) {
      const { first } = list.slots;
      if (first === undefined) {
        this.#dropFirst(list);
        continue;
      }
      const due = this.#timeOf(first) + list.duration;
      if (due <= now) return first;
      list.bound = due;
      this.#siftDown();
    }
    return undefined;
  }

  #listFor(slot: number, duration: number): DueList {
    let list = this.#byDuration.get(duration);
    if (list === undefined) {
      list = { duration, slots: new OrderedList(this.#links), bound: this.#timeOf(slot) + duration };
      this.#byDuration.set(duration, list);
      this.#heap.push(list);
      this.#siftUp(this.#heap.length - 1);
    }
    return list;
  }

  #dropFirst(list: DueList): void {
    this.#byDuration.delete(list.duration);
    const last = this.#heap.pop();
    if (last === undefined || last === list) return;
    this.#heap[0] = last;
    this.#siftDown();
  }

  #siftUp(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (this.#bound(parent) <= this.#bound(index)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #siftDown(): void {
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const lesser = this.#bound(left + 1) < this.#bound(left) ? left + 1 : left;
      if (this.#bound(lesser) >= this.#bound(index)) return;
      this.#swap(index, lesser);
      index = lesser;
    }
  }

  #bound(index: number): number {
    return this.#heap[index]?.bound ?? Number.POSITIVE_INFINITY;
  }

  #swap(one: number, other: number): void {
    const [first, second] = [this.#heap[one], this.#heap[other]];
    if (first === undefined || second === undefined) return;
    this.#heap[one] = second;
    this.#heap[other] = first;
  }
}
