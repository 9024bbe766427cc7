import type { History } from './history.js';
import type { KnownSessions } from './known-sessions.js';
import type { MessageRows } from './message-rows.js';
import type { SessionRows } from './session-rows.js';

/** The dependencies of an entry. */
export interface EntryStorage {
  readonly sessions: SessionRows;
  readonly messages: MessageRows;
  readonly known: KnownSessions;
  readonly history: History;
  readonly hbGrace: number;
}

/**
 * The index of due or of silent sessions by which an entry was found, if any. A save corrects the entry's place in it.
 */
export type FoundBy = 'due' | 'silent' | undefined;
