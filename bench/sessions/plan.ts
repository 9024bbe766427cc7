export interface SessionsPlan {
  readonly sessions: number;
  /** Created before the clock starts, so that no subject is timed while still being compiled. */
  readonly warmUp: number;
  /** Timed calls per row. */
  readonly calls: number;
  readonly pushes: number;
  /** Sessions that idle out before the sweep: 1 %. */
  readonly expiring: number;
}

/** Keys of one batch are made as fresh strings off the clock, then used on it. */
export const BATCH = 10_000;

/** Calls under way at once for asynchronous subjects: a busy server's requests, far more than one per loop turn. */
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
