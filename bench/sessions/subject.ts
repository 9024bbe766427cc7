import type { Payload } from './payload.js';

/** The rows at which a subject may be timed, each with a batch of fresh keys. */
export const TIMED_ROWS = ['get', 'touch', 'authenticate', 'push'] as const;
export type TimedRow = (typeof TIMED_ROWS)[number];

export interface SessionSubject {
  /** Length of the key that a client sends, and of its prefix that serves as the session's id. */
  readonly tokenWidth: number;
  readonly idWidth: number;

  /** Creates one session per payload, id generation included, and returns their tokens in any order. */
  create(payloads: readonly Payload[]): Promise<string[]>;

  readonly rows: Readonly<Partial<Record<TimedRow, (keys: readonly string[]) => Promise<void> | void>>>;

  /** Outside the timed part: makes the sessions in `expired` expire immediately, and no others. */
  expire(expired: readonly string[], kept: Iterable<string>): Promise<void> | void;

  /** Sweeps all sessions once, and reclaims the expired ones. */
  sweep(): Promise<void>;

  /** Number of sessions in memory, live or expired; undefined if only a full scan could count them. */
  size(): Promise<number> | number | undefined;
}
