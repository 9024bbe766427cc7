import { OrderedList, type SlotLinks } from './ordered-list.js';

/** The slots that share one duration, in order of the time from which it counts. */
interface DueList {
  readonly duration: number;
  readonly slots: OrderedList;
  /** No slot in it falls due before this moment. May lag behind the truth, never run ahead of it. */
  bound: number;
}

/**
 * Slots that fall due some duration after a time of theirs. Those with the same duration sit in one list, in order of
 * that time; a heap over the lists, by a bound that is corrected only when it comes up, says which to look at. So
 * looking for what is due costs nothing while nothing is, however many slots or durations there are, and postponing a
 * slot (the commonest operation by far) is O(1) and does not touch the heap.
 */
export class DueLists {
  readonly #links: SlotLinks;
  readonly #timeOf: (slot: number) => number;
  readonly #byDuration = new Map<number, DueList>();
  /** A binary heap: no list has a bound below that of its parent, at (index - 1) / 2. */
  readonly #heap: DueList[] = [];

  /** @param timeOf the time from which the slot's duration counts: not before that of any slot appended earlier */
  constructor(links: SlotLinks, timeOf: (slot: number) => number) {
    this.#links = links;
    this.#timeOf = timeOf;
  }

  append(slot: number, duration: number): void {
    this.#listFor(slot, duration).slots.append(slot);
  }

  /** `append` for a slot whose time may be any: passes by those of a later time, one after the other. */
  insert(slot: number, duration: number): void {
    const list = this.#listFor(slot, duration);
    const time = this.#timeOf(slot);
    list.slots.insertWhere(slot, (earlier) => this.#timeOf(earlier) <= time);
    const due = time + duration;
    if (due >= list.bound) return;
    list.bound = due;
    this.#siftUp(this.#heap.indexOf(list));
  }

  /** @param slot must be in the list of this duration. A list that empties stays, until its bound comes up */
  remove(slot: number, duration: number): void {
    this.#byDuration.get(duration)?.slots.remove(slot);
  }

  /** The slot's time is now the latest of all. */
  postpone(slot: number, duration: number): void {
    this.#byDuration.get(duration)?.slots.moveToEnd(slot);
  }

  /** A slot that is due by now. It stays until it is removed, and is given again until then. */
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
