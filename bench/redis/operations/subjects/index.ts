import type { RedisSubject } from '../subject.js';

/** Each subject is loaded only in the process that measures it. */
export const SUBJECTS: Readonly<Record<string, (port: number) => Promise<RedisSubject>>> = {
  'session-mailbox': async (port) => (await import('./session-mailbox.js')).SessionMailbox.open(port),
  'session-mailbox/redis-sessions': async (port) =>
    (await import('./redis-sessions-facade.js')).RedisSessionsFacade.open(port),
  'redis-sessions': async (port) => (await import('./redis-sessions.js')).RedisSessions.open(port),
};
