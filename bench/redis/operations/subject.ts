/** The operations that are measured for every subject, in this order; `kill` ends the sessions that `create` made. */
export const OPERATIONS = ['create', 'authenticate', 'kill'] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface RedisSubject {
  /** Logs the n-th account in and returns the session's token. */
  create(n: number): Promise<string>;
  /** Looks a session up by its token and renews it. Rejects when there is none. */
  authenticate(token: string): Promise<void>;
  /** Rejects when the session did not exist. */
  kill(token: string): Promise<void>;
  close(): Promise<void>;
}

export const TOKEN_WIDTH = 64;

/** As in the benchmark of redis-sessions: an id and an IP only. */
export const accountOf = (n: number | string): string => `bulkuser_${n}`;
export const IP = '127.0.0.1';
