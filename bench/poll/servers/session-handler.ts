import { createServer, type Server } from 'node:http';
import { fastLane } from '../../../src/fast-lane/index.js';
import { type SessionManager, startSessions } from '../../../src/index.js';
import { sessionHandler } from '../../../src/node/index.js';
import { countLanePolls, inProcess } from '../in-process.js';
import { listening } from '../listening.js';
import { HOLD_TIME } from '../plan.js';
import type { PollServer } from '../poll-server.js';
import { publishedSessions } from './published-sessions.js';

/** Our server without a framework: `node:http` and `sessionHandler`, which also serves streams. */
export async function openSessionHandler(holdTime: number): Promise<PollServer> {
  const { http, sessions } = await startApplication(holdTime);
  await listening(http);
  return inProcess(http, publishedSessions(sessions));
}

/** The same with a fast lane. */
export async function openHandlerInFastLane(holdTime: number): Promise<PollServer> {
  const { http, sessions } = await startApplication(holdTime);
  const polls = countLanePolls(fastLane(http, sessions));
  await listening(http);
  return inProcess(http, publishedSessions(sessions), polls);
}

async function startApplication(
  holdTime: number,
): Promise<{ readonly http: Server; readonly sessions: SessionManager }> {
  const { sessions } = await startSessions({ pollTime: holdTime, gcTime: 2 * HOLD_TIME });
  const handle = sessionHandler(sessions);
  const http = createServer((request, response) => {
    if (!handle(request, response)) response.writeHead(404).end();
  });
  return { http, sessions };
}
