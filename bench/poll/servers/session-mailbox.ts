import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import { fastify } from 'fastify';
import { Container } from 'inversify';
import { sessionHttpModule } from '../../../src/http/index.js';
import { SessionManager, sessionModule } from '../../../src/index.js';
import { listening } from '../listening.js';
import { nextMessage } from '../message.js';
import { HOLD_TIME } from '../plan.js';
import type { PollServer } from '../poll-server.js';

/** Ours as an application runs it: Fastify, the adapter, `PollController`, the memory store, the default intervals. */
export async function openSessionMailbox(): Promise<PollServer> {
  const container = new Container();
  container.load(sessionModule({ pollTime: HOLD_TIME, gcTime: 2 * HOLD_TIME }), sessionHttpModule());
  const sessions = await container.getAsync(SessionManager);
  const app = fastify();
  await new InversifyFastifyHttpAdapter(container, { logger: false }, app).build();
  await app.ready();
  await listening(app.server);
  const ids: string[] = [];
  return {
    http: app.server,
    async register(count) {
      const tokens: string[] = [];
      for (let n = 0; n < count; n++) {
        const session = await sessions.createSession(`account-${ids.length}`, { ip: '127.0.0.1', userAgent: 'bench' });
        ids.push(session.id);
        tokens.push(session.token);
      }
      return tokens;
    },
    unicast: (n) => sessions.push(ids[n] ?? '', nextMessage()),
    broadcast: () => sessions.pushToApp(nextMessage()),
  };
}
