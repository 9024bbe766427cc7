import { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { Container } from 'inversify';
import { sessionHttpModule } from '../src/http/index.js';
import { SessionManager, type StoreBinding, sessionModule } from '../src/index.js';
import { AdminGuard, AdminKey } from './admin-guard.js';
import type { Configuration } from './configuration.js';
import { DemoController } from './demo-controller.js';
import { HealthController, Readiness } from './health-controller.js';
import { buildHttpServer } from './http-server.js';
import { PageController } from './page-controller.js';

/** By so much later than it tells clients Node closes an idle connection: their requests may be on their way. */
const keepAliveBufferMs = 1_000;

/** The session service of the demo and its HTTP server. */
export class Application {
  readonly #configuration: Configuration;
  readonly #readiness = new Readiness();
  readonly #container: Container;
  readonly #starting: Promise<FastifyInstance>;
  #stopping: Promise<void> | undefined;

  /** Starts at once: opens the store, then builds the server. */
  constructor(configuration: Configuration, store: StoreBinding) {
    this.#configuration = configuration;
    this.#container = buildContainer(configuration, store, this.#readiness);
    this.#starting = this.#start();
    // A failed start is reported by `listen`.
    this.#starting.catch(() => {});
  }

  /** @returns the URL of the server */
  async listen(): Promise<string> {
    const app = await this.#starting;
    try {
      const { host, port } = this.#configuration.server;
      return await app.listen({ host, port });
    } catch (error) {
      // The store must be closed: a memory store has restored its snapshot, and only writes it again when it is closed.
      await this.stop();
      throw error;
    }
  }

  /** Answers held polls, closes the connections, then closes the store. */
  stop(): Promise<void> {
    this.#stopping ??= this.#starting.then((app) => this.#stop(app));
    return this.#stopping;
  }

  /**
   * Stops without refusing any request, after another process has begun to serve the same port. A connection that looks
   * idle may have a request on its way: that request is answered, and its answer closes the connection.
   * @param lastConnection called when this process has stopped listening; resolves when no connection is on its way to it
   */
  retire(lastConnection: () => Promise<void>): Promise<void> {
    this.#stopping ??= this.#starting.then((app) => this.#retire(app, lastConnection));
    return this.#stopping;
  }

  async #start(): Promise<FastifyInstance> {
    await this.#container.getAsync(SessionManager);
    return buildHttpServer(this.#container, this.#configuration.server);
  }

  async #stop(app: FastifyInstance): Promise<void> {
    this.#readiness.isStopping = true;
    const manager = await this.#container.getAsync(SessionManager);
    await manager.drain();
    const limit = setTimeout(() => app.server.closeAllConnections(), this.#configuration.session.drainTime);
    await app.close();
    clearTimeout(limit);
    // Last, because requests until then may change sessions.
    await this.#container.unbindAllAsync();
  }

  async #retire(app: FastifyInstance, lastConnection: () => Promise<void>): Promise<void> {
    const { server } = app;
    const manager = await this.#container.getAsync(SessionManager);
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
    // The HTTP server's own close() ends idle connections at once, and with them requests that are on their way.
    const closed = new Promise((resolve) => Server.prototype.close.call(server, resolve));
    await Promise.all([lastConnection(), manager.drain()]);
    // By then each idle connection has reached its time limit, or has received an answer that closed it.
    const limit = server.keepAliveTimeout + keepAliveBufferMs + this.#configuration.session.drainTime;
    const waiting = new AbortController();
    await Promise.race([closed, delay(limit, undefined, waiting)]);
    waiting.abort();
    server.closeAllConnections();
    await closed;
    await this.#container.unbindAllAsync();
  }
}

function buildContainer(configuration: Configuration, store: StoreBinding, readiness: Readiness): Container {
  const container = new Container();
  container.load(sessionModule(configuration.session, store), sessionHttpModule(configuration.http));
  container.bind(AdminKey).toConstantValue(new AdminKey(configuration.adminKey));
  container.bind(AdminGuard).toSelf().inSingletonScope();
  container.bind(DemoController).toSelf().inSingletonScope();
  container.bind(PageController).toSelf().inSingletonScope();
  container.bind(Readiness).toConstantValue(readiness);
  container.bind(HealthController).toSelf().inSingletonScope();
  return container;
}
