import { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { Container } from 'inversify';
import { sessionHttpModule } from '../src/http/index.js';
import { SessionManager, sessionModule } from '../src/index.js';
import { AdminGuard, AdminKey } from './admin-guard.js';
import type { Configuration } from './configuration.js';
import { DemoController } from './demo-controller.js';
import { HealthController, Readiness } from './health-controller.js';
import { buildHttpServer } from './http-server.js';
import { LoopbackGuard } from './operations/loopback-guard.js';
import { Operations } from './operations/operations.js';
import { OperationsController } from './operations/operations-controller.js';
import { PageController } from './page-controller.js';
import { PolicyController } from './policies/policy-controller.js';
import { servePolicies } from './policies/policy-routes.js';
import { PolicyServices } from './policies/policy-services.js';
import { mainStore, type Stores } from './stores.js';

/**
 * Milliseconds for which Node keeps an idle connection open after the time-out that it announces to clients, because a request
 * may be on its way.
 */
const keepAliveBufferMs = 1_000;

/** The session services of the demo and their HTTP server. */
export class Application {
  readonly #configuration: Configuration;
  readonly #readiness = new Readiness();
  readonly #container: Container;
  readonly #stores: Stores;
  readonly #starting: Promise<FastifyInstance>;
  #listening: Promise<string> | undefined;
  #stopping: Promise<void> | undefined;

  /** Starts immediately: opens the stores, then builds the server. */
  constructor(configuration: Configuration, stores: Stores, operations: Operations) {
    this.#configuration = configuration;
    this.#stores = stores;
    this.#container = buildContainer(configuration, stores, operations, this.#readiness);
    this.#starting = this.#start();
    // `listen` reports a failed start.
    this.#starting.catch(() => {});
  }

  /** Starts to listen. Further calls return the same promise. @returns the URL of the server */
  listen(): Promise<string> {
    this.#listening ??= this.#listen();
    return this.#listening;
  }

  async #listen(): Promise<string> {
    const app = await this.#starting;
    try {
      const { host, port } = this.#configuration.server;
      return await app.listen({ host, port });
    } catch (error) {
      // Close the store: a memory store has restored its snapshot, and writes it again only when it is closed.
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
   * idle may have a request on its way. The server answers that request, and the answer closes the connection.
   * @param lastConnection called when this process has stopped listening; resolves when no more connections are on their way
   * to this process
   */
  retire(lastConnection: () => Promise<void>): Promise<void> {
    this.#stopping ??= this.#starting.then((app) => this.#retire(app, lastConnection));
    return this.#stopping;
  }

  async #start(): Promise<FastifyInstance> {
    try {
      const services = await this.#startServices();
      const app = await buildHttpServer(this.#container, this.#configuration.server);
      servePolicies(app, services);
      return app;
    } catch (error) {
      // As in `#listen`, close the services and stores that are open. Ignore the rejection of services that could not start.
      await this.#container.unbindAllAsync().catch(() => {});
      throw error;
    }
  }

  async #startServices(): Promise<PolicyServices> {
    const services = await PolicyServices.start(await this.#container.getAsync(SessionManager), this.#stores);
    this.#container
      .bind(PolicyServices)
      .toConstantValue(services)
      .onDeactivation(() => services.stop());
    return services;
  }

  async #stop(app: FastifyInstance): Promise<void> {
    this.#readiness.isStopping = true;
    await this.#drain();
    const limit = setTimeout(() => app.server.closeAllConnections(), this.#configuration.session.drainTime);
    await app.close();
    clearTimeout(limit);
    // Close the store last, because requests may change sessions until here.
    await this.#container.unbindAllAsync();
  }

  async #retire(app: FastifyInstance, lastConnection: () => Promise<void>): Promise<void> {
    const { server } = app;
    server.prependListener('request', (_request, response) => {
      response.shouldKeepAlive = false;
    });
    // Do not call close() of the HTTP server: it closes idle connections immediately, and drops requests on their way.
    const closed = new Promise((resolve) => Server.prototype.close.call(server, resolve));
    await Promise.all([lastConnection(), this.#drain()]);
    // After this time each idle connection has timed out, or has received an answer that closed it.
    const limit = server.keepAliveTimeout + keepAliveBufferMs + this.#configuration.session.drainTime;
    const waiting = new AbortController();
    await Promise.race([closed, delay(limit, undefined, waiting)]);
    waiting.abort();
    server.closeAllConnections();
    await closed;
    await this.#container.unbindAllAsync();
  }

  async #drain(): Promise<void> {
    const services = await this.#container.getAsync(PolicyServices);
    await services.drain();
  }
}

function buildContainer(
  configuration: Configuration,
  stores: Stores,
  operations: Operations,
  readiness: Readiness,
): Container {
  const container = new Container();
  container.load(sessionModule(configuration.session, stores(mainStore)), sessionHttpModule(configuration.http));
  container.bind(Operations).toConstantValue(operations);
  container.bind(LoopbackGuard).toSelf().inSingletonScope();
  container.bind(OperationsController).toSelf().inSingletonScope();
  container.bind(PolicyController).toSelf().inSingletonScope();
  container.bind(AdminKey).toConstantValue(new AdminKey(configuration.adminKey));
  container.bind(AdminGuard).toSelf().inSingletonScope();
  container.bind(DemoController).toSelf().inSingletonScope();
  container.bind(PageController).toSelf().inSingletonScope();
  container.bind(Readiness).toConstantValue(readiness);
  container.bind(HealthController).toSelf().inSingletonScope();
  return container;
}
