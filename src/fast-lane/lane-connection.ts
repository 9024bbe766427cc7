import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HoldQueue } from '../delivery/hold-times.js';
import { reportFault } from '../errors/fault-report.js';
import { guarded } from '../errors/guarded.js';
import { isBrokenSocket } from '../requests/raw-response.js';
import { mostUnanswered } from '../requests/unanswered-requests.js';
import type { ListeningConnection } from './connection-listeners.js';
import { LaneAnswer } from './lane-answer.js';
import type { LaneHost, LaneMember } from './lane-host.js';
import type { LaneCaller } from './lane-polls.js';
import type { DataListener } from './node-side.js';
import { isOneRequest } from './request-grammar.js';

/** Bytes of further requests that may wait for the polls before them. Past it the connection is read no further. */
const mostWaiting = 65_536;

/** Milliseconds. Node fires a timer of more at once. */
const longestTimer = 2 ** 31 - 1;

const listenerFault = 'A listener of a poll response failed';

/**
 * One connection of the server. Who reads it changes, the socket stays the same:
 *
 * - `lane`: polls are answered here. All answers are written in the order of their requests. Bytes that are no poll wait until
 *   the polls before them were answered.
 * - `lent`: `node:http` has exactly one request, and the connection comes back once it was answered.
 * - `given`: `node:http` has the connection for good.
 */
export class LaneConnection implements LaneMember, ListeningConnection {
  readonly socket: Socket;
  readonly #host: LaneHost;
  #owner: 'lane' | 'lent' | 'given' = 'lane';
  /** Who sent the last poll. */
  #caller: LaneCaller | undefined = undefined;
  /** Gives bytes to `node:http` by hand, once it has its listeners on the socket. */
  #feed: DataListener | undefined = undefined;
  /** Whether `node:http` has set the time after which it closes the idle connection. */
  #idlesForNode = false;
  #first: LaneAnswer | undefined = undefined;
  #last: LaneAnswer | undefined = undefined;
  #unanswered = 0;
  /** All requests, of whichever side. */
  #requests = 0;
  #lent: ServerResponse | undefined = undefined;
  /** The requests that `node:http` found in what it was lent. */
  #found = 0;
  #waiting: Buffer | undefined = undefined;
  #isPaused = false;
  #isEnding = false;
  /** When the connection is closed, unless a request comes before. For `HoldTimes`, as the three below. */
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

  /** Whether polls of it are held here. */
  get isHeld(): boolean {
    return this.#owner === 'lane' && this.#unanswered > 0;
  }

  /** Whether it waits here for its next request. A connection without any request does not count, as for `node:http`. */
  get isIdle(): boolean {
    return this.#owner === 'lane' && this.#unanswered === 0 && this.#requests > 0;
  }

  /** Whether `node:http` would close it although polls of it are held here. */
  get isIdleForNode(): boolean {
    return this.isHeld && this.#feed !== undefined;
  }

  /** `node:http` has found a request on it. */
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
    // Its last answer is still under way.
    else if (this.socket.writableLength > 0) this.#hold(this.#host.idleTime);
    else if (!server.emit('timeout', this.socket)) this.socket.destroy();
    else holds.remove(this);
  }

  /** Writes the answers whose turn has come, unless the client does not read. */
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
    // Also while a poll is held: only a connection that is read tells of a newer poll, and that the client has left.
    else if (!this.socket.writableNeedDrain && (this.#waiting?.length ?? 0) <= mostWaiting) this.#resume();
  }

  get #isLastRequest(): boolean {
    const most = this.#host.server.maxRequestsPerSocket ?? 0;
    return most > 0 && this.#requests >= most;
  }

  read(bytes: Buffer): void {
    this.#host.holds.remove(this);
    if (this.#isEnding) return;
    // Where the client did not wait for its answer, nothing tells here where its requests end.
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
    // The poll before it in the same bytes may have been refused at once, which left the connection idle.
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
    // As in `onceClosed` of a response: no client needs more of them.
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
      // Node calls back without an error also when the connection broke before. Only the socket tells.
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

  /** Every poll has its answer. */
  #settle(): void {
    if (this.#isEnding) {
      // As `node:http` ends a connection: it does not stay half open until the client ends its own side.
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
    // What is one request here must be one there. Otherwise only `node:http` knows what it has.
    if (this.#found !== 1) this.#give(undefined);
  }

  #attach(): DataListener | undefined {
    this.#feed ??= this.#host.node.attach(this.socket);
    return this.#feed;
  }

  /**
   * Whether `node:http` has answered the request that it was lent. Asked when the next one comes: to be told of each answer
   * would cost every request more.
   */
  #comesBack(): boolean {
    const response = this.#lent;
    this.#lent = undefined;
    if (response === undefined || !response.writableFinished || !response.req.complete) return false;
    // The last that `node:http` does with a response is to detach it and to set the time of the idle connection, a moment later.
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
