import { isDeepStrictEqual } from 'node:util';

export interface Pushed {
  readonly data: unknown;
  readonly key: string | undefined;
}

interface LedgerBatch {
  readonly messages: readonly { readonly offset: number; readonly data: unknown }[];
  readonly cursor: string;
  readonly lost: number;
  readonly reset?: true;
}

/**
 * The checks that a client can make alone, knowing only what was pushed. Each batch is in order and has the pushed data.
 * Each offset missing between its two cursors was reported as lost or replaced by a newer message with the same key.
 */
export class ClientLedger {
  readonly #pushed: ReadonlyMap<number, Pushed>;
  readonly received = new Set<number>();
  /** Number of offsets reported as lost so far to a client that never went back to an older cursor. */
  lost = 0;
  cursor = '';
  offset = 0;
  /** All cursors so far: a client may send an old one again. */
  readonly past: string[] = [];

  constructor(pushed: ReadonlyMap<number, Pushed>) {
    this.#pushed = pushed;
  }

  /**
   * A batch with `reset` starts again: the mailbox has forgotten the place, for example since the client went back.
   * @param from the offset of the cursor that was sent
   * @param adopts whether the client continues after this batch, or acts as if the batch had never arrived
   */
  take(from: number, batch: LedgerBatch, adopts: boolean): void {
    const to = offsetOf(batch.cursor);
    let last = batch.reset ? 0 : from;
    for (const { offset, data } of batch.messages) {
      if (offset <= last) throw new Error(`Offset ${offset} came after ${last}`);
      if (!isDeepStrictEqual(this.#pushed.get(offset)?.data, data))
        throw new Error(`Offset ${offset} is not as pushed`);
      last = offset;
    }
    if (to < last) throw new Error(`The cursor ${to} does not cover offset ${last}`);
    if (!batch.reset) this.#account(from, to, batch);
    if (!adopts) return;
    const before = this.offset;
    this.adopt(batch);
    if (batch.reset) this.lost += this.#missedWithin(before, to);
    else if (to > before) this.lost += batch.lost;
  }

  /** Continues after the batch without a check, as a client without a cursor does after its first batch. */
  adopt({ messages, cursor }: Pick<LedgerBatch, 'messages' | 'cursor'>): void {
    for (const { offset } of messages) this.received.add(offset);
    this.cursor = cursor;
    this.offset = offsetOf(cursor);
    this.past.push(cursor);
  }

  #account(from: number, to: number, batch: LedgerBatch): void {
    const given = new Set(batch.messages.map(({ offset }) => offset));
    let missing = 0;
    let replaceable = 0;
    for (let offset = from + 1; offset <= to; offset += 1) {
      if (given.has(offset)) continue;
      missing += 1;
      if (this.#hasSuccessor(offset)) replaceable += 1;
    }
    if (batch.lost <= missing && batch.lost >= missing - replaceable) return;
    throw new Error(
      `From ${from} to ${to}, ${missing} are missing, ${replaceable} of them replaceable; lost: ${batch.lost}`,
    );
  }

  /** Returns the number of messages in `(after, upTo]` that were neither received nor replaced. */
  #missedWithin(after: number, upTo: number): number {
    let missed = 0;
    for (let offset = after + 1; offset <= upTo; offset += 1)
      if (!this.received.has(offset) && !this.#hasSuccessor(offset)) missed += 1;
    return missed;
  }

  #hasSuccessor(offset: number): boolean {
    const key = this.#pushed.get(offset)?.key;
    if (key === undefined) return false;
    for (const [other, pushed] of this.#pushed) if (other > offset && pushed.key === key) return true;
    return false;
  }
}

export function offsetOf(cursor: string): number {
  return cursor === '' ? 0 : Number(cursor.split('.')[1]);
}
