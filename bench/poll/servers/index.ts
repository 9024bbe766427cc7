import type { OpenPollServer } from '../poll-server.js';

export type DialectName = 'mailbox' | 'engine.io' | 'faye';

interface ServerEntry {
  readonly dialect: DialectName;
  /** Loads on demand: a server's process must not carry the others' code. */
  readonly load: () => Promise<OpenPollServer>;
}

export const SERVERS: Readonly<Record<string, ServerEntry>> = {
  'session-mailbox': {
    dialect: 'mailbox',
    load: async () => (await import('./session-mailbox.js')).openSessionMailbox,
  },
  'bare node:http': { dialect: 'mailbox', load: async () => (await import('./bare.js')).openBare },
  'engine.io': { dialect: 'engine.io', load: async () => (await import('./engine-io.js')).openEngineIo },
  faye: { dialect: 'faye', load: async () => (await import('./faye.js')).openFaye },
};
