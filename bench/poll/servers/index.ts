import type { OpenPollServer } from '../poll-server.js';
import { nchanMissing } from './nchan-installed.js';

export type DialectName = 'mailbox' | 'engine.io' | 'faye' | 'nchan';

interface ServerEntry {
  readonly dialect: DialectName;
  /** Loads the server on demand: its process must not contain the code of other servers. */
  readonly load: () => Promise<OpenPollServer>;
  /** The reason why the server cannot be measured on this machine, if any. */
  readonly missing?: () => string | undefined;
}

export const SERVERS: Readonly<Record<string, ServerEntry>> = {
  'session-mailbox': {
    dialect: 'mailbox',
    load: async () => (await import('./session-mailbox.js')).openSessionMailbox,
  },
  'session-mailbox in the fast lane': {
    dialect: 'mailbox',
    load: async () => (await import('./session-mailbox.js')).openInFastLane,
  },
  'bare node:http': { dialect: 'mailbox', load: async () => (await import('./bare.js')).openBare },
  'engine.io': { dialect: 'engine.io', load: async () => (await import('./engine-io.js')).openEngineIo },
  faye: { dialect: 'faye', load: async () => (await import('./faye.js')).openFaye },
  nchan: { dialect: 'nchan', missing: nchanMissing, load: async () => (await import('./nchan.js')).openNchan },
};

/** Servers that are only in the table of idle connections. */
export const IDLE_SERVERS: Readonly<Record<string, ServerEntry>> = {
  sessionHandler: {
    dialect: 'mailbox',
    load: async () => (await import('./session-handler.js')).openSessionHandler,
  },
  'sessionHandler in the fast lane': {
    dialect: 'mailbox',
    load: async () => (await import('./session-handler.js')).openHandlerInFastLane,
  },
};

/** @throws Error if there is no such server */
export function serverEntry(name: string): ServerEntry {
  const entry = SERVERS[name] ?? IDLE_SERVERS[name];
  if (entry === undefined) throw new Error(`no server ${JSON.stringify(name)}`);
  return entry;
}
