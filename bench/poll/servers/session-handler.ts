import { createServer } from 'node:http';
import { startSessions } from '../../../src/index.js';
import { sessionHandler } from '../../../src/node/index.js';
import { inProcess } from '../in-process.js';
import { listening } from '../listening.js';
import { HOLD_TIME } from '../plan.js';
import type { PollServer } from '../poll-server.js';
import { publishedSessions } from './published-sessions.js';

/** Ours without a framework: `node:http` and `sessionHandler`, which also serves streams. */
export async function openSessionHandler(holdTime: number): Promise<PollServer> {
  const { sessions } = await startSessions({ pollTime: holdTime, gcTime: 2 * HOLD_TIME });
  const handle = sessionHandler(sessions);
  const http = createServer((request, response) => {
    if (!handle(request, response)) response.writeHead(404).end();
  });
  await listening(http);
  return inProcess(http, publishedSessions(sessions));
}
