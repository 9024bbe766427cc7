import { steadyNow } from '../steady.js';
import { History, sinceStart } from './history.js';
import type { StoreChanges } from './store-changes.js';

/** Milliseconds by which a poll may exceed its wait: a paused node, a slow link and a busy machine delay its answer. */
export const lateness = 20_000;

export interface ToldMessage {
  readonly offset: number;
  readonly number: number;
}

export interface ToldBatch {
  readonly messages: readonly ToldMessage[];
  readonly lost: number;
  readonly isReset: boolean;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** The mailbox of one account: a publisher that pushes ascending numbers, and a client with a cursor. */
export class MailboxHistory extends History {
  lost = 0;
  resets = 0;
  /** Number of times that the client was notified that the session is unknown. */
  forgotten = 0;
  readonly #sentAt: number[] = [];
  readonly #acknowledged = new Set<number>();
  /** The numbers received between two resets, in order. */
  readonly #batches: number[][] = [[]];
  /** The numbers in the last batch of `#batches`. */
  readonly #seen = new Set<number>();
  readonly #receivedOnce = new Set<number>();
  readonly #ends: { readonly created: Span; readonly code: string }[] = [];
  #created: Span = { from: 0, to: 0 };
  /** Messages up to this number may be missing, because the client received a reset or the end of its session. */
  #excused = 0;
  #lostSinceReset = 0;
  #latestOffset: number | undefined;

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  get delivered(): number {
    return this.#receivedOnce.size;
  }

  created(from: number): void {
    this.#created = { from, to: steadyNow() };
    this.note('a session');
  }

  /** @returns the number of the next message */
  send(): number {
    this.#sentAt.push(steadyNow());
    return this.#sentAt.length;
  }

  acknowledge(number: number): void {
    this.#acknowledged.add(number);
    this.note(`acknowledged ${number}`);
  }

  /** Whether the client has a message that was sent after this time. */
  hasSince(time: number): boolean {
    const latest = this.#batches.at(-1)?.at(-1) ?? 0;
    return (this.#sentAt[latest - 1] ?? 0) > time;
  }

  held(wait: number, took: number): void {
    if (took > wait + lateness) this.violate(`a poll of ${wait} ms took ${Math.round(took)} ms`);
  }

  take({ messages, lost, isReset }: ToldBatch): void {
    if (messages.length > 0 || lost > 0 || isReset) {
      const told = messages.map(({ offset, number }) => `${offset}:${number}`);
      this.note(`received ${told} lost ${lost} reset ${isReset}`);
    }
    if (isReset) {
      this.resets += 1;
      this.#begin();
    }
    this.lost += lost;
    this.#lostSinceReset += lost;
    let skipped = lost;
    for (const { offset, number } of messages) {
      const expected = this.#latestOffset === undefined ? offset : this.#latestOffset + 1 + skipped;
      if (offset !== expected) this.violate(`offset ${offset} instead of ${expected}, told lost ${lost}`);
      if (this.#seen.has(number)) this.violate(`${number} was received twice`);
      this.#latestOffset = offset;
      skipped = 0;
      this.#batches.at(-1)?.push(number);
      this.#seen.add(number);
      this.#receivedOnce.add(number);
    }
    if (this.#latestOffset !== undefined) this.#latestOffset += skipped;
  }

  /** Records that the client was notified that its session is gone. */
  end(code: string): void {
    this.note(`the session is gone: ${code}`);
    this.forgotten += 1;
    this.#ends.push({ created: this.#created, code });
    this.#begin();
  }

  /** Call this after everything was delivered. */
  settle(changes: StoreChanges): void {
    for (const { created, code } of this.#ends) {
      const mayBe = code === 'SESSION_UNKNOWN' && changes.mayForgetSession(created.from, created.to);
      if (!mayBe)
        this.violate(
          `the session created at ${sinceStart(created.to)} ms was told ${code}, and the store forgot nothing`,
        );
    }
    for (const batch of this.#batches) this.#requireOrder(batch);
    const missing = [...this.#acknowledged].filter(
      (number) => number > this.#excused && !this.#receivedOnce.has(number),
    );
    if (missing.length > this.#lostSinceReset) {
      this.violate(`acknowledged, never received, told lost ${this.#lostSinceReset}: ${missing}`);
    }
  }

  #begin(): void {
    // A push in progress may be lost, too: the publisher sent it before its client was notified.
    this.#excused = this.#sentAt.length;
    this.#lostSinceReset = 0;
    this.#latestOffset = undefined;
    this.#batches.push([]);
    this.#seen.clear();
  }

  /** Checks the order. The publisher sends the next message only after the previous one was acknowledged. */
  #requireOrder(batch: readonly number[]): void {
    let latest = 0;
    for (const number of batch) {
      if (number < latest && this.#acknowledged.has(number)) this.violate(`${number} was received after ${latest}`);
      latest = Math.max(latest, number);
    }
  }
}
