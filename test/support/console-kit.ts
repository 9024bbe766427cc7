import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { InversifyExpressHttpAdapter } from '@inversifyjs/http-express';
import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import { InversifyHonoHttpAdapter } from '@inversifyjs/http-hono';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import { Container } from 'inversify';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { consoleFetchHandler } from '../../src/console/fetch.js';
import { type ConsoleOptions, consoleModule } from '../../src/console/index.js';
import { consoleHandler } from '../../src/console/node.js';
import {
  Clock,
  type SessionContextOptions,
  SessionManager,
  type StoreBinding,
  sessionModule,
} from '../../src/index.js';
import { requestHeadOf } from '../../src/requests/index.js';
import { type RawResponse, type RequestOptions, request } from './http-client.js';

export const consoleFronts = ['fastify', 'express', 'hono', 'node', 'fetch'] as const;
export type ConsoleFront = (typeof consoleFronts)[number];

/** A guard that trusts the name in a header, because the tests are about the console behind the guard. */
export function byHeader(incoming: object): string | undefined {
  return requestHeadOf(incoming).header('x-operator') || undefined;
}

/** The headers that the console's own page sends with each act. */
export const actHeaders = {
  'x-operator': 'root',
  'x-session-mailbox-console': '1',
  'content-type': 'application/json',
};

export interface ConsoleKitOptions {
  readonly context?: SessionContextOptions;
  readonly store?: StoreBinding;
  readonly console?: Partial<ConsoleOptions>;
}

/** A service whose console is behind a real server, with a clock that does not advance by itself. */
export class ConsoleKit {
  readonly manager: SessionManager;
  readonly clock: ManualClock;
  readonly port: number;
  readonly #server: Server;
  readonly #container: Container;

  private constructor(manager: SessionManager, clock: ManualClock, server: Server, container: Container) {
    this.manager = manager;
    this.clock = clock;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#container = container;
  }

  static async start(front: ConsoleFront, options: ConsoleKitOptions = {}): Promise<ConsoleKit> {
    const container = new Container();
    const consoleOptions = { guard: byHeader, ...options.console };
    const clock = new ManualClock();
    container.bind(Clock).toConstantValue(clock);
    container.load(sessionModule(options.context ?? {}, options.store));
    if (front !== 'node' && front !== 'fetch') container.load(consoleModule(consoleOptions));
    const manager = await container.getAsync(SessionManager);
    const server = await listening(await serverOf(front, container, manager, consoleOptions));
    return new ConsoleKit(manager, clock, server, container);
  }

  ask(path: string, options: RequestOptions = {}): Promise<RawResponse> {
    return request(this.port, path, { ...options, headers: { 'x-operator': 'root', ...options.headers } });
  }

  /** Returns the parsed answer to a GET of the console's API. */
  async read(path: string): Promise<ReturnType<typeof JSON.parse>> {
    const { status, body } = await this.ask(`/console/api/${path}`);
    if (status !== 200) throw new Error(`${path} was answered ${status}: ${body}`);
    return JSON.parse(body);
  }

  act(act: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RawResponse> {
    const options = { method: 'POST', body: JSON.stringify(body), headers: { ...actHeaders, ...headers } };
    return request(this.port, `/console/api/${act}`, options);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    await this.#container.unbindAllAsync();
  }
}

async function serverOf(
  front: ConsoleFront,
  container: Container,
  manager: SessionManager,
  options: ConsoleOptions,
): Promise<Server> {
  switch (front) {
    case 'fastify': {
      const app = fastify();
      await new InversifyFastifyHttpAdapter(container, { logger: false }, app).build();
      await app.ready();
      return app.server;
    }
    case 'express': {
      const app = express();
      app.set('env', 'test');
      await new InversifyExpressHttpAdapter(container, { logger: false }, app).build();
      return createServer(app as RequestListener);
    }
    case 'hono': {
      const app = new Hono();
      await new InversifyHonoHttpAdapter(container, { logger: false }, app).build();
      return nodeServer(app);
    }
    case 'node': {
      const handle = consoleHandler(manager, options);
      return createServer((incoming, response) => {
        if (!handle(incoming, response)) response.writeHead(404).end();
      });
    }
    case 'fetch': {
      const handle = consoleFetchHandler(manager, options);
      const app = new Hono();
      app.all('*', async (context) => (await handle(context.req.raw)) ?? context.notFound());
      return nodeServer(app);
    }
  }
}

function nodeServer(app: Hono): Server {
  const server = createAdaptorServer({ fetch: app.fetch });
  if (!('closeAllConnections' in server)) throw new TypeError('An HTTP/1.1 server was expected');
  return server;
}

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
