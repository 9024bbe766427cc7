import type { Payload } from './payload.js';

/** The rows every subject may be timed at, each over a batch of fresh keys. */
export const TIMED_ROWS = ['get', 'touch', 'authenticate', 'push'] as const;
export type TimedRow = (typeof TIMED_ROWS)[number];

export interface SessionSubject {
  /** Length of the key a client presents, and of its prefix that serves as the session's id. */
  readonly tokenWidth: number;
  readonly idWidth: number;

  /** Creates one session per payload, id generation included, and returns their tokens in any order. */
  create(payloads: readonly Payload[]): Promise<string[]>;

  readonly rows: Readonly<Partial<Record<TimedRow, (keys: readonly string[]) => Promise<void> | void>>>;

  /** Off the clock: makes the sessions in `expired` idle out at once, and no others. */
  expire(expired: readonly string[], kept: Iterable<string>): Promise<void> | void;

  /** One sweep over everything: reclaims what has expired. */
  sweep(): Promise<void>;

  /** How many sessions are held, dead or alive; undefined where only a full scan could tell. */
  size(): Promise<number> | number | undefined;
}
