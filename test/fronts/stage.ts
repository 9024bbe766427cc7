import test, { type ExecutionContext } from 'ava';
import { Container } from 'inversify';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import { type SessionHttpOptionsInput, sessionHttpModule } from '../../src/http/index.js';
import {
  Clock,
  type SessionContextOptions,
  SessionManager,
  type StoreBinding,
  sessionModule,
} from '../../src/index.js';
import { EventStream } from '../support/event-stream.js';
import { until, type WireBatch, type WireProblem } from '../support/http-kit.js';
import { type ClientRequest, clientOf, type FrontClient, type OpenRequest } from './front-client.js';
import { type Front, type FrontLogin, fronts, type RunningFront } from './fronts.js';

export interface StageOptions {
  readonly context?: SessionContextOptions;
  readonly http?: SessionHttpOptionsInput;
  readonly store?: StoreBinding;
  /** Whether the case is about tokens, or routes and headers that express-session leaves to the application. */
  readonly needsToken?: true;
}

export interface FrontRequest extends ClientRequest {
  /** The credential of a login; see `FrontLogin`. */
  readonly token?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A service with a manual clock behind one front, and a client of that front. */
export class FrontStage {
  readonly front: Front;
  readonly container: Container;
  readonly manager: SessionManager;
  readonly room: WaitingRoom;
  readonly clock: ManualClock;
  readonly #running: RunningFront;
  readonly #client: FrontClient;

  private constructor(
    front: Front,
    container: Container,
    manager: SessionManager,
    clock: ManualClock,
    running: RunningFront,
  ) {
    this.front = front;
    this.container = container;
    this.manager = manager;
    this.room = container.get(WaitingRoom);
    this.clock = clock;
    this.#running = running;
    this.#client = clientOf(front, running.url);
  }

  static async start(front: Front, { context = {}, http = {}, store }: StageOptions): Promise<FrontStage> {
    const container = new Container();
    const clock = new ManualClock();
    container.bind(Clock).toConstantValue(clock);
    container.load(sessionModule(context, store), sessionHttpModule(http));
    const manager = await container.getAsync(SessionManager);
    const running = await front.start({ container, manager, options: http });
    return new FrontStage(front, container, manager, clock, running);
  }

  async stop(): Promise<void> {
    await this.#client.close();
    await this.#running.stop();
    await this.container.unbindAllAsync();
  }

  async logIn(account = 'alice'): Promise<FrontLogin> {
    if (this.#running.logIn !== undefined) return this.#running.logIn(account);
    const { id, token } = await this.manager.createSession(account);
    return { id, token };
  }

  async undelivered(id: string): Promise<number> {
    return (await this.manager.getSession(id)).undelivered;
  }

  send(path: string, { token, headers, ...request }: FrontRequest = {}): OpenRequest {
    return this.#client.send(path, { ...request, headers: { ...(token !== undefined && proof(token)), ...headers } });
  }

  async request(path: string, request?: FrontRequest): Promise<Answer> {
    return readWhole(await this.send(path, request).answer);
  }

  /** Sends a poll that the server does not hold. Resolves with its batch. */
  async poll(token: string, query: Readonly<Record<string, string>> = {}): Promise<WireBatch> {
    return batchIn(await this.request(path('/poll', { wait: '0', ...query }), { token }));
  }

  /** Sends a poll, and waits until the server holds it. */
  async hold(token: string, query: Readonly<Record<string, string>> = {}): Promise<HeldPoll> {
    const { held } = this.room;
    const poll = new HeldPoll(this.send(path('/poll', query), { token }));
    await until(() => this.room.held > held);
    return poll;
  }

  /** Opens a stream. Resolves when the stream has sent its first cursor or has ended. */
  async open(
    token: string,
    query: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventStream> {
    const open = this.send(path('/events', query), { token, headers });
    const { status, headers: head, body } = await open.answer;
    const stream = EventStream.over(Object.assign(body, { statusCode: status, headers: head }));
    await stream.until(({ lastEventId, hasEnded, retry }) => lastEventId !== '' || hasEnded || retry !== undefined);
    return stream;
  }

  acknowledge(token: string, reader: string, cursor: string): Promise<Answer> {
    return this.post(`/ack?reader=${reader}`, JSON.stringify({ cursor }), token);
  }

  post(to: string, body: string, token?: string): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    return this.request(to, { method: 'POST', headers, body, ...(token !== undefined && { token }) });
  }
}

/** A poll whose answer is pending. */
export class HeldPoll {
  readonly #request: OpenRequest;
  readonly #answer: Promise<Answer>;

  constructor(request: OpenRequest) {
    this.#request = request;
    // Read immediately: on Node 24.21 an unread HTTP/2 response is lost with its stream, which may end before a test reads it.
    this.#answer = request.answer.then(readWhole);
    // A test that cancels the poll expects no answer.
    this.#answer.catch(() => {});
  }

  answer(): Promise<Answer> {
    return this.#answer;
  }

  async batch(): Promise<WireBatch> {
    return batchIn(await this.answer());
  }

  cancel(): void {
    this.#request.cancel();
  }
}

/** Defines a test with this title and body for each front whose credential fits. */
export function onEachFront(
  title: string,
  options: StageOptions,
  body: (t: ExecutionContext, stage: FrontStage) => Promise<void>,
): void {
  for (const front of fronts) {
    if (options.needsToken && front.isExpressSession) continue;
    test(`${front.name}: ${title}`, async (t) => {
      const stage = await FrontStage.start(front, options);
      try {
        await body(t, stage);
      } finally {
        await stage.stop();
      }
    });
  }
}

export function problemIn({ body }: Answer): WireProblem {
  return JSON.parse(body);
}

/** Whether the answer is a problem document. Express and Fastify add a charset to the type. */
export function isProblem({ headers }: Answer): boolean {
  return /^application\/problem\+json(;|$)/.test(String(headers['content-type']));
}

/** Returns the cookie that a browser with this login sends. */
export function cookieOf({ token }: FrontLogin): string {
  return token.includes('=') ? token : `sid=${token}`;
}

/** Returns the headers with the credential. A page of the server's own site sends a cookie with `Sec-Fetch-Site`. */
function proof(token: string): Record<string, string> {
  return token.includes('=')
    ? { cookie: token, 'sec-fetch-site': 'same-origin' }
    : { authorization: `Bearer ${token}` };
}

function path(to: string, query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? to : `${to}?${text}`;
}

function batchIn({ status, body }: Answer): WireBatch {
  if (status !== 200) throw new Error(`The poll failed: ${status} ${body}`);
  return JSON.parse(body);
}

async function readWhole({ status, headers, body }: Awaited<OpenRequest['answer']>): Promise<Answer> {
  body.setEncoding('utf8');
  let text = '';
  for await (const piece of body) text += piece;
  return { status, headers, body: text };
}
