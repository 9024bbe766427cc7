import type { Server } from 'node:http';
import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import { fastify } from 'fastify';
import { Container } from 'inversify';
import { fastLane } from '../../../src/fast-lane/index.js';
import { sessionHttpModule } from '../../../src/http/index.js';
import { SessionManager, sessionModule } from '../../../src/index.js';
import { countLanePolls, inProcess } from '../in-process.js';
import { listening } from '../listening.js';
import { HOLD_TIME } from '../plan.js';
import type { PollServer } from '../poll-server.js';
import { publishedSessions } from './published-sessions.js';

/**
 * Our server as an application runs it: Fastify, the adapter, `PollController`, the memory store, default intervals.
 */
export async function openSessionMailbox(holdTime: number): Promise<PollServer> {
  const { http, sessions } = await startApplication(holdTime);
  await listening(http);
  return inProcess(http, publishedSessions(sessions));
}

/** The same with a fast lane in front of Fastify. */
export async function openInFastLane(holdTime: number): Promise<PollServer> {
  const { http, sessions } = await startApplication(holdTime);
  const polls = countLanePolls(fastLane(http, sessions));
  await listening(http);
  return inProcess(http, publishedSessions(sessions), polls);
}

async function startApplication(
  holdTime: number,
): Promise<{ readonly http: Server; readonly sessions: SessionManager }> {
  const container = new Container();
  container.load(sessionModule({ pollTime: holdTime, gcTime: 2 * HOLD_TIME }), sessionHttpModule());
  const sessions = await container.getAsync(SessionManager);
  const app = fastify();
  await new InversifyFastifyHttpAdapter(container, { logger: false }, app).build();
  await app.ready();
  return { http: app.server, sessions };
}
