import type { History } from './history.js';
import type { KnownSessions } from './known-sessions.js';
import type { MessageRows } from './message-rows.js';
import type { SessionRows } from './session-rows.js';

/** What an entry is written with. */
export interface EntryStorage {
  readonly sessions: SessionRows;
  readonly messages: MessageRows;
  readonly known: KnownSessions;
  readonly history: History;
  readonly hbGrace: number;
}

/** Which of its orders an entry was found by, and has to leave if it is saved. */
export type FoundBy = 'due' | 'silent' | undefined;
