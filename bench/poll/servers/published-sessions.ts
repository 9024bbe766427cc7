import type { SessionManager } from '../../../src/index.js';
import { nextMessage } from '../message.js';
import type { Publishing } from '../poll-server.js';

/** Publishes messages to the sessions of a manager, for any server in front of it. */
export function publishedSessions(sessions: SessionManager): Publishing {
  const ids: string[] = [];
  return {
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
