import type { Batch } from '../delivery/batch.js';
import type { Cancellable, PollReceiver } from '../delivery/poll-request.js';
import { encodeBatch } from '../requests/batch-encoding.js';
import { batchHeaders, failedPoll } from '../requests/poll-answer.js';
import type { Problem } from '../requests/problem.js';
import { headerLines, statusLine } from './response-text.js';

/** What an answer asks of its connection. */
export interface AnswerQueue {
  /** Address of the client. */
  readonly ip: string;
  /** An answer is ready, perhaps not the one whose turn it is. */
  flush(): void;
}

/** What is read of who sent the poll. */
export interface AnsweredCaller {
  /** Header lines of every answer. */
  readonly crossOrigin: string;
  report(error: unknown, ip: string): void;
}

export interface AskedPoll {
  readonly query: string;
  /** Address of the client. Read at once: a socket that was closed does not have it any more. */
  readonly ip: string;
  /** When it came, by `performance.now`. */
  readonly since: number;
}

const batchHead = `${headerLines(batchHeaders)}Content-Length: `;
const okLine = statusLine(200);

/** The answer to one poll of the lane, and its place among the answers of its connection. */
export class LaneAnswer implements PollReceiver {
  /** The answer that is written next. */
  next: LaneAnswer | undefined = undefined;
  /** Whether the connection ends with it. */
  readonly isLast: boolean;
  /** For the report of the request. Not kept where `onRequest` is not set. */
  readonly asked: AskedPoll | undefined;
  readonly #queue: AnswerQueue;
  readonly #caller: AnsweredCaller;
  #batch: Batch | undefined = undefined;
  #failure: Problem | undefined = undefined;
  #acknowledge: (() => void) | undefined = undefined;
  #poll: Cancellable | undefined = undefined;
  #onceClosed: (() => void) | undefined = undefined;

  constructor(queue: AnswerQueue, caller: AnsweredCaller, isLast: boolean, asked: AskedPoll | undefined) {
    this.#queue = queue;
    this.#caller = caller;
    this.isLast = isLast;
    this.asked = asked;
  }

  get isReady(): boolean {
    return this.#batch !== undefined || this.#failure !== undefined;
  }

  get status(): number {
    return this.#failure?.status ?? 200;
  }

  /** Whether somebody waits until the answer was written out. */
  get isAwaited(): boolean {
    return this.#acknowledge !== undefined || this.#onceClosed !== undefined;
  }

  /** @param isSent whether the last byte went to the operating system; otherwise the client is gone */
  written(isSent: boolean): void {
    if (isSent) this.#acknowledge?.();
    this.#onceClosed?.();
  }

  started(poll: Cancellable): void {
    if (!this.isReady) this.#poll = poll;
  }

  deliver(batch: Batch, acknowledge: (() => void) | undefined): void {
    this.#batch = batch;
    this.#acknowledge = acknowledge;
    this.#queue.flush();
  }

  fail(error: unknown): void {
    this.#caller.report(error, this.#queue.ip);
    this.refuse(error);
  }

  /** Answers what is no poll. */
  refuse(error: unknown): void {
    this.#failure = failedPoll(error);
    this.#queue.flush();
  }

  onceClosed(listener: () => void): void {
    this.#onceClosed = listener;
  }

  /** The client has left before the answer was written. */
  abandon(): void {
    this.#poll?.cancel();
    this.#onceClosed?.();
  }

  /**
   * The whole response. Made only when its turn has come: a batch shares its texts with the mailbox, the response is a copy.
   * @param endOfHead what follows the length
   * @returns with the encoding by which it is written
   */
  text(endOfHead: string): { readonly text: string; readonly encoding: 'latin1' | 'utf8' } {
    const failure = this.#failure;
    const body = failure === undefined ? (this.#batch === undefined ? '' : encodeBatch(this.#batch)) : failure.body;
    const length = Buffer.byteLength(body);
    const head =
      failure === undefined
        ? okLine + this.#caller.crossOrigin + batchHead
        : `${statusLine(failure.status)}${this.#caller.crossOrigin}${headerLines(failure.headers)}Content-Length: `;
    // A text of ASCII is written without being encoded.
    return { text: head + length + endOfHead + body, encoding: length === body.length ? 'latin1' : 'utf8' };
  }
}
