import 'reflect-metadata';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { Container } from 'inversify';
import { sessionHttpModule } from '../src/http/index.js';
import { memoryStore, SessionManager, type StoreBinding, sessionModule, stopOnSignals } from '../src/index.js';
import { redisStore } from '../src/stores/redis/index.js';
import { AdminGuard, AdminKey } from './admin-guard.js';
import { type Configuration, readConfiguration } from './configuration.js';
import { DemoController } from './demo-controller.js';
import { buildHttpServer } from './http-server.js';
import { PageController } from './page-controller.js';

function buildContainer(configuration: Configuration): Container {
  const container = new Container();
  container.load(sessionModule(configuration.session, storeOf(configuration)), sessionHttpModule(configuration.http));
  container.bind(AdminKey).toConstantValue(new AdminKey(configuration.adminKey));
  container.bind(AdminGuard).toSelf().inSingletonScope();
  container.bind(DemoController).toSelf().inSingletonScope();
  container.bind(PageController).toSelf().inSingletonScope();
  return container;
}

/** All that differs between one process and many. */
function storeOf({ redis, data }: Configuration): StoreBinding {
  if (redis.url !== undefined) return redisStore({ url: redis.url });
  return memoryStore({ snapshot: { path: join(data, 'sessions.snapshot') } });
}

/** Restores the sessions, then builds the server around them. */
async function start(container: Container): Promise<FastifyInstance> {
  await container.getAsync(SessionManager);
  return buildHttpServer(container);
}

/** Held polls are answered first, so that the server has nothing left to wait for; the snapshot comes last. */
async function stop(container: Container, app: FastifyInstance, drainTime: number): Promise<void> {
  const manager = await container.getAsync(SessionManager);
  await manager.drain();
  const impatience = setTimeout(() => app.server.closeAllConnections(), drainTime);
  await app.close();
  clearTimeout(impatience);
  await container.unbindAllAsync();
}

async function main(): Promise<void> {
  const configuration = await readConfiguration();
  const container = buildContainer(configuration);
  const starting = start(container);
  let stopping: Promise<void> | undefined;
  const stopOnce = () => {
    stopping ??= starting.then((app) => stop(container, app, configuration.session.drainTime));
    return stopping;
  };
  // Before anything is awaited: once restored, sessions are nowhere but in memory, and a signal must not lose them.
  stopOnSignals(stopOnce);
  const app = await starting;
  try {
    const url = await app.listen(configuration.server);
    console.log(`session-mailbox demo: ${url}`);
  } catch (error) {
    // What was restored must be kept again, or a port in use would log everyone out.
    await stopOnce();
    throw error;
  }
}

await main();
