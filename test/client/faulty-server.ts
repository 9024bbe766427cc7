import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Container } from 'inversify';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import { type SessionFetchHandler, sessionFetchHandler } from '../../src/fetch/index.js';
import { Clock, type IssuedSession, memoryStore, SessionManager, sessionModule } from '../../src/index.js';
import { ManualClock } from './client-stage.js';

/** Faults that can happen to one request between a client and its server. */
export const faults = ['drop', 'loseAnswer', 'cut', 'double', 'replay', 'portal', 'badGateway'] as const;
export type Fault = (typeof faults)[number];

export interface FaultyServerOptions {
  readonly msgMaxLength: number;
  readonly messageTtl: number;
  /** Whether another reader, which takes nothing, keeps messages in the mailbox. After a reset the server sends them again. */
  readonly hasOtherReader: boolean;
}

/**
 * The real service behind a network with faults that a test chooses. A test can also restart the service, copy its data and
 * restore the copy.
 */
export class FaultyServer {
  /** The faults of the next requests, one for each. A request without a fault is served normally. */
  readonly faults: Fault[] = [];
  readonly #options: FaultyServerOptions;
  readonly #folder: string;
  readonly #clock = new ManualClock();
  /** Bodies of the answers sent so far. The fault `replay` sends one of them again. */
  readonly #answers: string[] = [];
  #container = new Container();
  #handle: SessionFetchHandler | undefined;
  #session: IssuedSession | undefined;
  #hasCopy = false;
  /** Number of requests in progress. */
  busy = 0;

  private constructor(options: FaultyServerOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  static async start(options: FaultyServerOptions): Promise<FaultyServer> {
    const server = new FaultyServer(options, await mkdtemp(join(tmpdir(), 'client-faults-')));
    await server.#start();
    const manager = await server.#manager();
    server.#session = await manager.createSession('alice');
    if (options.hasOtherReader) await manager.poll(server.session.id, { reader: 'other', after: '', wait: 0 });
    return server;
  }

  get session(): IssuedSession {
    if (this.#session === undefined) throw new Error('The server was not started');
    return this.#session;
  }

  get held(): number {
    return this.#container.get(WaitingRoom).held;
  }

  /** Pushes a message. Each message has a different time, so that the client can't take one for another. */
  async push(data: unknown, key: string | undefined): Promise<void> {
    await this.#clock.advance(1);
    await (await this.#manager()).push(this.session.id, data, key === undefined ? {} : { key });
  }

  async age(): Promise<void> {
    await this.#clock.advance(3_000);
  }

  async restart(): Promise<void> {
    await this.#stop();
    await this.#start();
  }

  /** Copies the current sessions. */
  async copy(): Promise<void> {
    await this.#stop();
    await copyFile(this.#snapshot, this.#backup);
    this.#hasCopy = true;
    await this.#start();
  }

  /** Restores the copy. @returns whether there was a copy */
  async putBack(): Promise<boolean> {
    if (!this.#hasCopy) return false;
    await this.#stop();
    await copyFile(this.#backup, this.#snapshot);
    await this.#start();
    return true;
  }

  async close(): Promise<void> {
    await this.#stop();
    await rm(this.#folder, { recursive: true });
  }

  readonly fetch: typeof fetch = async (input, init) => {
    this.busy += 1;
    try {
      return await this.#serve(new Request(input, init));
    } finally {
      this.busy -= 1;
    }
  };

  async #serve(request: Request): Promise<Response> {
    const fault = this.faults.shift();
    if (fault === 'drop') throw new TypeError('fetch failed');
    if (fault === 'portal') return new Response('<h1>Hello</h1>', { headers: { 'content-type': 'text/html' } });
    const past = this.#answers[Math.floor(this.#answers.length / 2)];
    if (fault === 'replay' && past !== undefined) return json(past);
    if (fault === 'double') {
      const twice = new AbortController();
      const first = this.#answer(new Request(request, { signal: twice.signal }));
      await new Promise((resolve) => setImmediate(resolve));
      twice.abort();
      await first;
    }
    const response = await this.#answer(request);
    if (fault === 'loseAnswer') throw new TypeError('terminated');
    if (fault === 'badGateway') return new Response('Bad Gateway', { status: 502 });
    const body = await response.text();
    if (response.ok) this.#answers.push(body);
    if (fault === 'cut') return json(body.slice(0, -2));
    return new Response(body, response);
  }

  async #answer(request: Request): Promise<Response> {
    if (this.#handle === undefined) throw new TypeError('connect ECONNREFUSED');
    return this.#handle(request);
  }

  get #snapshot(): string {
    return join(this.#folder, 'sessions.snapshot');
  }

  get #backup(): string {
    return join(this.#folder, 'backup');
  }

  #manager(): Promise<SessionManager> {
    return this.#container.getAsync(SessionManager);
  }

  async #start(): Promise<void> {
    const container = new Container();
    container.bind(Clock).toConstantValue(this.#clock);
    const { msgMaxLength, messageTtl } = this.#options;
    const context = { msgMaxLength, messageTtl, gcTime: 1_000_000_000, pollTime: 100_000_000 };
    container.load(sessionModule(context, memoryStore({ snapshot: { path: this.#snapshot } })));
    this.#container = container;
    this.#handle = sessionFetchHandler(await this.#manager());
  }

  async #stop(): Promise<void> {
    this.#handle = undefined;
    await this.#container.unbindAllAsync();
  }
}

function json(body: string): Response {
  return new Response(body, { headers: { 'content-type': 'application/json' } });
}
