import type { Cancellable, PollOptions, PollReceiver } from '../delivery/poll-request.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { Credentials } from '../requests/credentials.js';
import type { HostPolicy } from '../requests/host-policy.js';
import { OriginPolicy } from '../requests/origin-policy.js';
import { readPollOptions } from '../requests/poll-query.js';
import type { RequestHead } from '../requests/request-head.js';
import { parametersOf } from '../requests/request-target.js';
import { CrossOrigin } from '../routes/cross-origin.js';
import { type AcceptedPoll, type PollCaller, PollRoute } from '../routes/poll-route.js';
import type { PolledApp } from '../routes/polled-app.js';
import { pollByHash } from '../service/app-mailboxes.js';
import { type Bearer, bearerOf } from '../service/bearer.js';
import type { RefusedRequest } from '../service/refused-bearer.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import type { CheckedOptions } from '../validation/options.js';
import type { laneOptions } from './lane-options.js';
import { type Headers, headersOf } from './request-grammar.js';
import { headerLines } from './response-text.js';

/** The part of a connection that is read. */
export interface Peer {
  readonly isEncrypted: boolean;
  /** Address of the client. Read it only if it is needed: Node then caches it in the socket, in about 100 bytes. */
  readonly ip: string;
}

/** Serves polls by the rules of the routes. The lane has no separate rules. */
export class LanePolls {
  readonly #manager: SessionManager;
  readonly #hostPolicy: Pick<HostPolicy, 'require'> | undefined;
  readonly #route: PollRoute;
  readonly #crossOrigin: CrossOrigin;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(
    manager: SessionManager,
    options: Pick<CheckedOptions<typeof laneOptions>, 'secure' | 'trustedOrigins' | 'hostPolicy'>,
  ) {
    const { secure, trustedOrigins, hostPolicy } = options;
    const origins = new OriginPolicy({ secure, trustedOrigins });
    this.#manager = manager;
    this.#hostPolicy = hostPolicy;
    this.#route = new PollRoute(new Credentials('fastLane', { secure }), origins);
    this.#crossOrigin = new CrossOrigin(origins);
  }

  /**
   * @param given the bytes of the headers, from the end of the request line to the empty line
   * @param mostHeaders number of headers after which `node:http` ignores further ones
   * @returns the sender with these headers; `undefined` for headers that only `node:http` may judge
   */
  callerOf(given: string, mostHeaders: number, peer: Peer): LaneCaller | undefined {
    // Copy the text, because it is kept as long as the connection, and a part of a text keeps the whole text in memory.
    const block = Buffer.from(given, 'latin1').toString('latin1');
    const headers = headersOf(block);
    if (headers === undefined || headers.has('content-length') || headers.size > mostHeaders) return undefined;
    if (!this.#admits(headers)) return undefined;
    const head = headOf(headers, peer);
    return new LaneCaller(this.#manager, this.#route, block, headerLines(this.#crossOrigin.headersFor(head)), head);
  }

  #admits(headers: Headers): boolean {
    try {
      this.#hostPolicy?.require({ rawHeaders: [...headers].flat() });
      return true;
    } catch (error) {
      if (!SessionError.is(error, 'CROSS_SITE')) reportFault('The host policy of the fast lane failed', error);
      return false;
    }
  }
}

function headOf(headers: Headers, peer: Peer): RequestHead {
  return { method: 'GET', isEncrypted: peer.isEncrypted, header: (name) => headers.get(name), ip: () => peer.ip };
}

const noHead = headOf(new Map(), { isEncrypted: false, ip: '' });

/**
 * The headers of a request, and everything that is derived from them. Requests of one connection nearly always repeat
 * the headers, so the connection keeps this object for its next request. A token in the headers is hashed once. Every
 * poll sends the hash to the store, which refuses it once the session has another secret, whatever the cause.
 */
export class LaneCaller implements PolledApp {
  /** The bytes of the headers, from the end of the request line to the empty line. */
  readonly block: string;
  /** Header lines that every answer has. */
  readonly crossOrigin: string;
  readonly #manager: SessionManager;
  readonly #route: PollRoute;
  #head: RequestHead;
  #known: PollCaller | undefined;
  #token: string | undefined;
  #bearer: Bearer | undefined;

  constructor(manager: SessionManager, route: PollRoute, block: string, crossOrigin: string, head: RequestHead) {
    this.block = block;
    this.crossOrigin = crossOrigin;
    this.#manager = manager;
    this.#route = route;
    this.#head = head;
  }

  /**
   * @throws SessionError like `PollRoute.accept`. Headers without a token, or with a cookie that a page of another site
   *   sent, throw each time, so that each refusal is reported
   */
  accept(query: string): AcceptedPoll {
    const options = readPollOptions(parametersOf(query));
    return this.#caller().accept(options, this);
  }

  /** Reports the refusal of the bearer, if a poll from this address failed with this refusal. */
  report(error: unknown, ip: string): void {
    if (this.#known !== undefined) this.#manager.reportRefused(error, this.#known.shownFrom(ip));
  }

  #caller(): PollCaller {
    if (this.#known !== undefined) return this.#known;
    this.#known = this.#route.callerOf(this.#head, () => this);
    // The head is not needed any more.
    this.#head = noHead;
    return this.#known;
  }

  pollAsBearer(token: string, options: PollOptions, receiver: PollReceiver): Cancellable {
    if (token !== this.#token) {
      this.#token = token;
      this.#bearer = bearerOf(token);
    }
    if (this.#bearer === undefined) return this.#manager.pollAsBearer(token, options, receiver);
    return pollByHash(this.#manager, this.#bearer, options, receiver);
  }

  authenticate(token: string): Promise<Session> {
    return this.#manager.authenticate(token);
  }

  reportRefused(error: unknown, request: RefusedRequest): void {
    this.#manager.reportRefused(error, request);
  }
}
