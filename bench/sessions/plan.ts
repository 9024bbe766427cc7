export interface SessionsPlan {
  readonly sessions: number;
  /** Sessions created before the timed part, so that no subject is timed while it is still being compiled. */
  readonly warmUp: number;
  /** Timed calls per row. */
  readonly calls: number;
  readonly pushes: number;
  /** Sessions that expire by idle time before the sweep: 1 %. */
  readonly expiring: number;
}

/** Number of keys in a batch. They are created as fresh strings before the timed part, then used in it. */
export const BATCH = 10_000;

/** Concurrent calls for asynchronous subjects: like a busy server's requests, far more than one per event-loop turn. */
export const IN_FLIGHT = 256;

export const IDLE_TIME = 15 * 60_000;

export function planFor(sessions: number, quick: boolean): SessionsPlan {
  return {
    sessions,
    warmUp: Math.min(20_000, sessions / 10),
    calls: quick ? sessions : 500_000,
    pushes: quick ? sessions : 200_000,
    expiring: sessions / 100,
  };
}
