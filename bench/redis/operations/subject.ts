/** What every subject is timed at, in this order: `kill` ends what `create` began. */
export const OPERATIONS = ['create', 'authenticate', 'kill'] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface RedisSubject {
  /** Logs the n-th account in and returns the session's token. */
  create(n: number): Promise<string>;
  /** Looks a session up by its token and renews it. Rejects when there is none. */
  authenticate(token: string): Promise<void>;
  /** Rejects when there was nothing to end. */
  kill(token: string): Promise<void>;
  close(): Promise<void>;
}

export const TOKEN_WIDTH = 64;

/** As in redis-sessions' own measurement: an id and an IP, and nothing else. */
export const accountOf = (n: number | string): string => `bulkuser_${n}`;
export const IP = '127.0.0.1';
