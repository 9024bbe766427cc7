import type { Batch } from '../delivery/batch.js';
import type { Cancellable, PollReceiver } from '../delivery/poll-request.js';
import { encodeBatch } from '../requests/batch-encoding.js';
import { batchHeaders, failedPoll } from '../requests/poll-answer.js';
import type { Problem } from '../requests/problem.js';
import { headerLines, statusLine } from './response-text.js';

/** The part of a connection that its answers use. */
export interface AnswerQueue {
  /** Address of the client. */
  readonly ip: string;
  /** Called when an answer is ready, perhaps before an earlier answer of the connection. */
  flush(): void;
}

/** The part of a caller that its answers use. */
export interface AnsweredCaller {
  /** Header lines of every answer. */
  readonly crossOrigin: string;
  report(error: unknown, ip: string): void;
}

export interface AskedPoll {
  readonly query: string;
  /** Address of the client, read when the poll arrives: a closed socket does not have it any more. */
  readonly ip: string;
  /** Time of arrival, by `performance.now`. */
  readonly since: number;
}

const batchHead = `${headerLines(batchHeaders)}Content-Length: `;
const okLine = statusLine(200);

/** The answer to one poll of the lane, and its place among the answers of its connection. */
export class LaneAnswer implements PollReceiver {
  /** The answer that is written after this one. */
  next: LaneAnswer | undefined = undefined;
  /** Whether the connection ends with this answer. */
  readonly isLast: boolean;
  /** The poll, for the report to `onRequest`; `undefined` if `onRequest` is not set. */
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

  /** Whether `written` must be called once the answer was written out. */
  get isAwaited(): boolean {
    return this.#acknowledge !== undefined || this.#onceClosed !== undefined;
  }

  /** @param isSent whether the operating system has the last byte; otherwise the client has disconnected */
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

  /** Answers with the error, without a report to the caller. */
  refuse(error: unknown): void {
    this.#failure = failedPoll(error);
    this.#queue.flush();
  }

  onceClosed(listener: () => void): void {
    this.#onceClosed = listener;
  }

  /** Cancels the poll, because the client disconnected before the answer was written. */
  abandon(): void {
    this.#poll?.cancel();
    this.#onceClosed?.();
  }

  /**
   * Returns the text of the whole response, and the encoding in which to write it. Called only when earlier answers are
   * written: a batch shares its texts with the mailbox, but the response is a copy.
   * @param endOfHead the rest of the head, after the length
   */
  text(endOfHead: string): { readonly text: string; readonly encoding: 'latin1' | 'utf8' } {
    const failure = this.#failure;
    const body = failure === undefined ? (this.#batch === undefined ? '' : encodeBatch(this.#batch)) : failure.body;
    const length = Buffer.byteLength(body);
    const head =
      failure === undefined
        ? okLine + this.#caller.crossOrigin + batchHead
        : `${statusLine(failure.status)}${this.#caller.crossOrigin}${headerLines(failure.headers)}Content-Length: `;
    // Node writes a text of ASCII as `latin1` without encoding it.
    return { text: head + length + endOfHead + body, encoding: length === body.length ? 'latin1' : 'utf8' };
  }
}
