import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HoldQueue } from '../delivery/hold-times.js';
import { reportFault } from '../errors/fault-report.js';
import { guarded } from '../errors/guarded.js';
import { isBrokenSocket } from '../requests/raw-response.js';
import { mostUnanswered } from '../requests/unanswered-requests.js';
import { longestTimer } from '../time/longest-timer.js';
import type { ListeningConnection } from './connection-listeners.js';
import { LaneAnswer } from './lane-answer.js';
import type { LaneHost, LaneMember } from './lane-host.js';
import type { LaneCaller } from './lane-polls.js';
import type { DataListener } from './node-side.js';
import { isOneRequest } from './request-grammar.js';

/** Bytes of further requests that may wait for earlier polls. If more wait, the lane stops reading the connection. */
const mostWaiting = 65_536;

const listenerFault = 'A listener of a poll response failed';

/**
 * One connection of the server. Its owner changes, but the socket stays the same:
 *
 * - `lane`: This object answers the polls, in the order of their requests. Bytes that are no poll wait until the
 *   earlier polls were answered.
 * - `lent`: `node:http` has exactly one request. The connection returns to the lane once the request was answered.
 * - `given`: `node:http` has the connection for good.
 */
export class LaneConnection implements LaneMember, ListeningConnection {
  readonly socket: Socket;
  readonly #host: LaneHost;
  #owner: 'lane' | 'lent' | 'given' = 'lane';
  /** The sender of the last poll. */
  #caller: LaneCaller | undefined = undefined;
  /** The listener that passes bytes to `node:http`, once `node:http` has its listeners on the socket. */
  #feed: DataListener | undefined = undefined;
  /** Whether `node:http` has set the timeout after which it closes the idle connection. */
  #idlesForNode = false;
  #first: LaneAnswer | undefined = undefined;
  #last: LaneAnswer | undefined = undefined;
  #unanswered = 0;
  /** Number of requests, of the lane and of `node:http`. */
  #requests = 0;
  #lent: ServerResponse | undefined = undefined;
  /** Number of requests that `node:http` found in the bytes that the lane lent to it. */
  #found = 0;
  #waiting: Buffer | undefined = undefined;
  #isPaused = false;
  #isEnding = false;
  /**
   * Time when the connection is closed, unless a request arrives before. `HoldTimes` uses this and the three fields
   * below.
   */
  deadline = 0;
  queue: HoldQueue<LaneMember> | undefined = undefined;
  previous: LaneMember | undefined = undefined;
  next: LaneMember | undefined = undefined;

  constructor(host: LaneHost, socket: Socket) {
    this.#host = host;
    this.socket = socket;
    host.node.watch(socket);
    this.#hold(host.headerTime);
  }

  get isEncrypted(): boolean {
    return 'encrypted' in this.socket && this.socket.encrypted === true;
  }

  get ip(): string {
    return this.socket.remoteAddress ?? '';
  }

  /** Whether the lane holds polls of this connection. */
  get isHeld(): boolean {
    return this.#owner === 'lane' && this.#unanswered > 0;
  }

  /**
   * Whether the lane waits for the next request. Like for `node:http`, a connection without any request is not idle.
   */
  get isIdle(): boolean {
    return this.#owner === 'lane' && this.#unanswered === 0 && this.#requests > 0;
  }

  /** Whether `node:http` would close the connection as idle, although the lane holds polls of it. */
  get isIdleForNode(): boolean {
    return this.isHeld && this.#feed !== undefined;
  }

  /** Called when `node:http` has found a request on the connection. */
  requested(response: ServerResponse): void {
    this.#host.holds.remove(this);
    this.#requests += 1;
    this.#found += 1;
    if (this.#isLastRequest) response.setHeader('Connection', 'close');
    if (this.#owner === 'lent') this.#lent = response;
  }

  due(): void {
    const { server, holds, node } = this.#host;
    if (this.#requests === 0) node.refuseLate(this.socket);
    // The last answer is still being sent.
    else if (this.socket.writableLength > 0) this.#hold(this.#host.idleTime);
    else if (!server.emit('timeout', this.socket)) this.socket.destroy();
    else holds.remove(this);
  }

  /** Writes the answers that are ready, in order, up to the first that is not. Stops if the client does not read. */
  flush(): void {
    if (this.#owner !== 'lane' || this.socket.destroyed) return;
    const hadAny = this.#first !== undefined;
    for (let first = this.#first; first?.isReady === true; first = this.#first) {
      if (this.socket.writableNeedDrain) return;
      this.#first = first.next;
      // An idle connection must not keep the messages of its last answer.
      if (first.next === undefined) this.#last = undefined;
      this.#unanswered -= 1;
      this.#write(first);
    }
    if (this.#first === undefined && (hadAny || this.#isPaused)) this.#settle();
    // Read on while a poll is held. Otherwise the lane would notice neither a newer poll nor that the client
    // disconnects.
    else if (!this.socket.writableNeedDrain && (this.#waiting?.length ?? 0) <= mostWaiting) this.#resume();
  }

  get #isLastRequest(): boolean {
    const most = this.#host.server.maxRequestsPerSocket ?? 0;
    return most > 0 && this.#requests >= most;
  }

  read(bytes: Buffer): void {
    this.#host.holds.remove(this);
    if (this.#isEnding) return;
    // If the client did not wait for the answer, the lane does not know where the requests of the client end.
    if (this.#owner === 'lent' && !this.#comesBack()) this.#give(bytes);
    else if (this.#waiting !== undefined) this.#wait(bytes);
    else this.#take(bytes);
  }

  #take(bytes: Buffer): void {
    if (this.#idlesForNode) this.#host.node.stopIdling(this.socket);
    this.#idlesForNode = false;
    const text = bytes.toString('latin1');
    const polls = this.#host.isOpen ? this.#host.reader.read(text, this, this.#caller) : undefined;
    if (polls === undefined) {
      if (this.#unanswered > 0) this.#wait(bytes);
      else this.#handOver(bytes, text);
      return;
    }
    for (const { caller, query } of polls) {
      this.#caller = caller;
      this.#poll(caller, query);
      if (this.socket.destroyed || this.#isEnding) return;
    }
    if (this.socket.writableNeedDrain) this.#pause();
  }

  #poll(caller: LaneCaller, query: string): void {
    // An earlier poll in the same bytes may have been refused immediately, which left the connection idle.
    this.#host.holds.remove(this);
    this.#host.countPoll('lane');
    this.#requests += 1;
    this.#isEnding = this.#isLastRequest;
    const asked = this.#host.onRequest && { query, ip: this.ip, since: performance.now() };
    const answer = new LaneAnswer(this, caller, this.#isEnding, asked);
    if (this.#first === undefined) this.#first = answer;
    else if (this.#last !== undefined) this.#last.next = answer;
    this.#last = answer;
    this.#unanswered += 1;
    // No client needs more unanswered polls; see `onceClosed` in `raw-response.ts`.
    if (this.#unanswered > mostUnanswered) {
      this.socket.destroy();
      return;
    }
    try {
      answer.started(caller.accept(query).start(answer));
    } catch (error) {
      answer.refuse(error);
    }
  }

  #write(answer: LaneAnswer): void {
    try {
      const { text, encoding } = answer.text(this.#host.text.endOfHead(answer.isLast));
      const { socket } = this;
      // Node also calls back without an error if the connection broke before. Only the socket shows this.
      const written = answer.isAwaited
        ? guarded(listenerFault, () => answer.written(!isBrokenSocket(socket)))
        : undefined;
      socket.write(text, encoding, written);
      this.#host.report(answer, answer.status);
    } catch (error) {
      reportFault('The answer to a poll could not be sent', error);
      this.socket.destroy();
    }
  }

  /** Called when every poll was answered. */
  #settle(): void {
    if (this.#isEnding) {
      // Like `node:http`: the connection must not stay half open until the client ends its side.
      this.socket.destroySoon();
      return;
    }
    this.#resume();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) this.#take(waiting);
    else this.#hold(this.#host.idleTime);
  }

  #wait(bytes: Buffer): void {
    this.#waiting = this.#waiting === undefined ? Buffer.from(bytes) : Buffer.concat([this.#waiting, bytes]);
    if (this.#waiting.length > mostWaiting) this.#pause();
  }

  #handOver(bytes: Buffer, text: string): void {
    const feed = this.#host.mayReturn && isOneRequest(text, bytes.length) ? this.#attach() : undefined;
    if (feed === undefined) {
      this.#give(bytes);
      return;
    }
    this.#host.counts.handedOver += 1;
    this.#owner = 'lent';
    this.#found = 0;
    this.#host.node.feed(this.socket, feed, bytes);
    // The lane found one request. If `node:http` found none or several, only `node:http` knows where they end.
    if (this.#found !== 1) this.#give(undefined);
  }

  #attach(): DataListener | undefined {
    this.#feed ??= this.#host.node.attach(this.socket);
    return this.#feed;
  }

  /**
   * Takes the connection back if `node:http` has answered the request that it was lent, and returns whether it has.
   * Called when the next request arrives: a listener for the end of each answer would make every request more
   * expensive.
   */
  #comesBack(): boolean {
    const response = this.#lent;
    this.#lent = undefined;
    if (response === undefined || !response.writableFinished || !response.req.complete) return false;
    // A moment after the end of a response `node:http` detaches its socket and sets the timeout of the idle connection.
    if (response.socket !== null) return false;
    if (this.socket.writableEnded) return false;
    this.#owner = 'lane';
    this.#host.counts.returned += 1;
    this.#idlesForNode = true;
    return true;
  }

  #give(bytes: Buffer | undefined): void {
    if (this.#owner === 'lane') this.#host.counts.handedOver += 1;
    this.#owner = 'given';
    this.#host.gave(this, this.#requests > 0);
    const feed = this.#feed;
    this.#feed = undefined;
    this.#host.node.give(this.socket, feed, bytes);
  }

  #hold(time: number): void {
    this.#host.holds.remove(this);
    if (time === 0) return;
    const now = this.#host.clock.now();
    this.deadline = now + Math.min(time, longestTimer);
    this.#host.holds.add(this, now);
  }

  #pause(): void {
    this.#isPaused = true;
    this.socket.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.socket.resume();
  }

  closed(): void {
    this.#host.forget(this);
    for (let answer = this.#first; answer !== undefined; answer = answer.next) {
      answer.abandon();
      this.#host.report(answer, undefined);
    }
    this.#first = undefined;
  }
}
