import type { SessionSubject } from '../subject.js';

type Open = (sessions: number) => Promise<SessionSubject>;

/** Subjects are loaded on demand: a subject's process must not contain the code of other subjects. */
export const SUBJECTS: Readonly<Record<string, Open>> = {
  'session-mailbox': async () => (await import('./session-mailbox.js')).SessionMailbox.open(),
  'express-session MemoryStore': async () => new (await import('./memory-store.js')).ExpressMemoryStore(),
  'lru-cache': async (sessions) => new (await import('./lru-cache.js')).LruCacheWithTtl(sessions),
  Map: async () => new (await import('./bare-map.js')).BareMap(),
};
