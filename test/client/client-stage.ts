import type { ExecutionContext } from 'ava';
import {
  type ConnectOptions,
  connectBy,
  type MailboxClient,
  type MailboxEvents,
  poll,
} from '../../src/client/index.js';
import type { ClientClock, Sign, Surroundings } from '../../src/client/surroundings.js';
import type { Transport } from '../../src/client/transport.js';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import type { IssuedSession } from '../../src/index.js';
import { Kit, type KitOptions } from '../support/http-kit.js';

/** The device that a client runs on, controlled by a test. `luck` is the random part of the client's pauses; default 0. */
export class Device implements Surroundings {
  readonly clock: ClientClock;
  isWithoutNetwork = false;
  luck = 0;
  readonly #listeners = new Set<(sign: Sign) => void>();

  constructor(clock: ClientClock = realClock) {
    this.clock = clock;
  }

  random = () => this.luck;
  isOffline = () => this.isWithoutNetwork;

  listen(listener: (sign: Sign) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  sign(sign: Sign): void {
    for (const listener of this.#listeners) listener(sign);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

const realClock: ClientClock = {
  now: () => Date.now(),
  setTimer: (delay, callback) => {
    const timer = setTimeout(callback, delay);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A replacement for the `sessionStorage` of a tab. */
export class TabStorageStub {
  readonly items = new Map<string, string>();
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);

  /** Copies the storage, as a browser does when the user duplicates a tab. */
  copy(): TabStorageStub {
    const copy = new TabStorageStub();
    for (const [key, value] of this.items) copy.items.set(key, value);
    return copy;
  }
}

export interface ClientSetup extends Omit<ConnectOptions, 'transport'> {
  readonly transport?: Transport;
  readonly device?: Device;
}

/** A server with one session, and clients of that session. */
export class ClientStage {
  readonly kit: Kit;
  readonly session: IssuedSession;
  readonly #clients: MailboxClient[] = [];

  private constructor(kit: Kit, session: IssuedSession) {
    this.kit = kit;
    this.session = session;
  }

  static async start(t: ExecutionContext, options: KitOptions = {}): Promise<ClientStage> {
    const kit = await Kit.start('node', options);
    const stage = new ClientStage(kit, await kit.logIn());
    t.teardown(() => stage.#close());
    return stage;
  }

  get url(): string {
    return `http://127.0.0.1:${this.kit.port}`;
  }

  connect({ transport = poll, device = new Device(), ...options }: ClientSetup = {}): MailboxClient {
    const setting = { url: this.url, token: this.session.token, ...options };
    const mailbox = connectBy(transport, setting, device);
    this.#clients.push(mailbox);
    return mailbox;
  }

  async push(...data: readonly unknown[]): Promise<void> {
    for (const each of data) await this.kit.manager.push(this.session.id, each);
  }

  /** Returns the number of messages that the server still keeps. */
  async kept(): Promise<number> {
    return (await this.kit.manager.getSession(this.session.id)).undelivered;
  }

  /** Closes the clients, which would reconnect otherwise. */
  disconnect(): void {
    for (const client of this.#clients) client.close();
  }

  async #close(): Promise<void> {
    this.disconnect();
    await this.kit.close();
  }
}

/** Takes the next `count` messages, and returns their data. */
export async function take(mailbox: MailboxClient, count: number): Promise<readonly unknown[]> {
  const taken: unknown[] = [];
  for await (const { data } of mailbox) {
    taken.push(data);
    if (taken.length === count) break;
  }
  return taken;
}

/** Takes all messages. Returns the data taken so far, and a promise for the end of the loop. */
export function takeAll(mailbox: MailboxClient): { readonly taken: unknown[]; readonly end: Promise<void> } {
  const taken: unknown[] = [];
  const loop = async () => {
    for await (const { data } of mailbox) taken.push(data);
  };
  return { taken, end: loop() };
}

/** Resolves with the payload of the next event of this name. */
export function next<Event extends keyof MailboxEvents>(
  mailbox: MailboxClient,
  event: Event,
): Promise<MailboxEvents[Event]> {
  return new Promise((resolve) => {
    const end = mailbox.on(event, (payload) => {
      end();
      resolve(payload);
    });
  });
}

/** A `fetch` that records its calls. A test can replace its answers. */
export class Network {
  readonly paths: string[] = [];
  readonly tokens: (string | null)[] = [];
  /** While it is set, this function answers instead of the server. */
  answer: ((signal: AbortSignal | undefined) => Response | Promise<Response>) | undefined;

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(String(input instanceof Request ? input.url : input));
    this.paths.push(`${url.pathname}${url.search}`);
    this.tokens.push(new Headers(init?.headers).get('authorization'));
    return this.answer === undefined ? fetch(input, init) : this.answer(init?.signal ?? undefined);
  };
}

export { ManualClock };
