import { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { Container } from 'inversify';
import { sessionHttpModule } from '../src/http/index.js';
import { SessionManager, type StoreBinding, sessionModule } from '../src/index.js';
import { AdminGuard, AdminKey } from './admin-guard.js';
import type { Configuration } from './configuration.js';
import { DemoController } from './demo-controller.js';
import { buildHttpServer } from './http-server.js';
import { PageController } from './page-controller.js';

/** The demo's service and the server around it. */
export class Application {
  readonly #configuration: Configuration;
  readonly #container: Container;
  readonly #starting: Promise<FastifyInstance>;
  #stopping: Promise<void> | undefined;

  /** Begins at once: what the store kept is restored, then the server is built around it. */
  constructor(configuration: Configuration, store: StoreBinding) {
    this.#configuration = configuration;
    this.#container = buildContainer(configuration, store);
    this.#starting = this.#start();
    // `listen` tells of it.
    this.#starting.catch(() => {});
  }

  /** @returns the URL that it serves */
  async listen(): Promise<string> {
    const app = await this.#starting;
    try {
      return await app.listen(this.#configuration.server);
    } catch (error) {
      // What was restored must be kept again, or a port in use would log everyone out.
      await this.stop();
      throw error;
    }
  }

  /** Held polls are answered, connections closed, and what is to be kept is kept. */
  stop(): Promise<void> {
    this.#stopping ??= this.#starting.then((app) => this.#stop(app));
    return this.#stopping;
  }

  /**
   * Stops without turning anyone away: for the process whose place another has taken on the same port. Clients come
   * to no harm whose next request is on its way on a connection that seems idle: each is answered, and told that it is
   * the last there.
   */
  retire(): Promise<void> {
    this.#stopping ??= this.#starting.then((app) => this.#retire(app));
    return this.#stopping;
  }

  async #start(): Promise<FastifyInstance> {
    await this.#container.getAsync(SessionManager);
    return buildHttpServer(this.#container);
  }

  async #stop(app: FastifyInstance): Promise<void> {
    const manager = await this.#container.getAsync(SessionManager);
    await manager.drain();
    const impatience = setTimeout(() => app.server.closeAllConnections(), this.#configuration.session.drainTime);
    await app.close();
    clearTimeout(impatience);
    // The snapshot comes last.
    await this.#container.unbindAllAsync();
  }

  async #retire(app: FastifyInstance): Promise<void> {
    const { server } = app;
    const manager = await this.#container.getAsync(SessionManager);
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
    // That of the HTTP server would cut idle connections off, and with them the requests that are on their way there.
    const closed = new Promise((resolve) => Server.prototype.close.call(server, resolve));
    await manager.drain();
    // By then each connection that was idle has been closed in its own time, or has had its last answer.
    const patience = server.keepAliveTimeout + this.#configuration.session.drainTime;
    const givenUp = new AbortController();
    await Promise.race([closed, delay(patience, undefined, givenUp)]);
    givenUp.abort();
    server.closeAllConnections();
    await closed;
    await this.#container.unbindAllAsync();
  }
}

function buildContainer(configuration: Configuration, store: StoreBinding): Container {
  const container = new Container();
  container.load(sessionModule(configuration.session, store), sessionHttpModule(configuration.http));
  container.bind(AdminKey).toConstantValue(new AdminKey(configuration.adminKey));
  container.bind(AdminGuard).toSelf().inSingletonScope();
  container.bind(DemoController).toSelf().inSingletonScope();
  container.bind(PageController).toSelf().inSingletonScope();
  return container;
}
