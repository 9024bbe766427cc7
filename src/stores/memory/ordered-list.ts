const none = -1;

/**
 * The links of doubly linked lists over slots (small whole numbers): four bytes per direction, no object per member.
 * Several lists may share one set of links, as long as a slot is in at most one of them at a time.
 */
export class SlotLinks {
  next: Int32Array = new Int32Array(64);
  previous: Int32Array = new Int32Array(64);

  reserve(slots: number): void {
    if (slots <= this.next.length) return;
    const length = Math.max(slots, this.next.length * 2);
    this.next = grownCopy(this.next, length, none);
    this.previous = grownCopy(this.previous, length, none);
  }
}

/** Returns a longer copy, whose new elements are `filler`. */
export function grownCopy(array: Int32Array, length: number, filler: number): Int32Array {
  const copy = new Int32Array(length);
  copy.set(array);
  if (filler !== 0) copy.fill(filler, array.length);
  return copy;
}

/** A list of slots in the order in which they were appended. Every operation except `insertWhere` is O(1). */
export class OrderedList {
  readonly #links: SlotLinks;
  #first = none;
  #last = none;

  constructor(links: SlotLinks) {
    this.#links = links;
  }

  /** The slot appended longest ago, or `undefined`. */
  get first(): number | undefined {
    return this.#first === none ? undefined : this.#first;
  }

  append(slot: number): void {
    this.#links.reserve(slot + 1);
    const { next, previous } = this.#links;
    next[slot] = none;
    previous[slot] = this.#last;
    if (this.#last === none) this.#first = slot;
    else next[this.#last] = slot;
    this.#last = slot;
  }

  /** Inserts the slot after the last slot for which `isBehind` returns true, or before all slots if there is none. */
  insertWhere(slot: number, isBehind: (other: number) => boolean): void {
    this.#links.reserve(slot + 1);
    const { next, previous } = this.#links;
    let before = this.#last;
    while (before !== none && !isBehind(before)) before = previous[before] ?? none;
    const after = before === none ? this.#first : (next[before] ?? none);
    next[slot] = after;
    previous[slot] = before;
    if (before === none) this.#first = slot;
    else next[before] = slot;
    if (after === none) this.#last = slot;
    else previous[after] = slot;
  }

  /** @param slot must be in this list */
  remove(slot: number): void {
    const { next, previous } = this.#links;
    const after = next[slot] ?? none;
    const before = previous[slot] ?? none;
    if (before === none) this.#first = after;
    else next[before] = after;
    if (after === none) this.#last = before;
    else previous[after] = before;
  }

  /** Removes and appends the slot, which may be the last already. */
  moveToEnd(slot: number): void {
    if (slot === this.#last) return;
    this.remove(slot);
    this.append(slot);
  }
}
