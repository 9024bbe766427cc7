import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import { fastify } from 'fastify';
import { Container } from 'inversify';
import { sessionHttpModule } from '../../../src/http/index.js';
import { SessionManager, sessionModule } from '../../../src/index.js';
import { inProcess } from '../in-process.js';
import { listening } from '../listening.js';
import { HOLD_TIME } from '../plan.js';
import type { PollServer } from '../poll-server.js';
import { publishedSessions } from './published-sessions.js';

/** Ours as an application runs it: Fastify, the adapter, `PollController`, the memory store, the default intervals. */
export async function openSessionMailbox(holdTime: number): Promise<PollServer> {
  const container = new Container();
  container.load(sessionModule({ pollTime: holdTime, gcTime: 2 * HOLD_TIME }), sessionHttpModule());
  const sessions = await container.getAsync(SessionManager);
  const app = fastify();
  await new InversifyFastifyHttpAdapter(container, { logger: false }, app).build();
  await app.ready();
  await listening(app.server);
  return inProcess(app.server, publishedSessions(sessions));
}
