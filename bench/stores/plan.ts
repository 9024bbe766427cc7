export interface StoresPlan {
  /** Sessions created, looked up, pushed to, polled and ended on the clock. */
  readonly sessions: number;
  /** The same off the clock before, so that no subject is timed while still being compiled. */
  readonly warmUp: number;
  readonly workers: WorkersPlan;
  readonly crowd: CrowdPlan;
  readonly front: FrontPlan;
}

/** Eight processes on one file. */
export interface CrowdPlan {
  /** Sessions that poll, over all processes. */
  readonly sessions: number;
  /** How long all push as fast as they can, and how long one pushes at a steady rate. Seconds. */
  readonly seconds: number;
}

/** Sessions of express-session. */
export interface FrontPlan {
  /** Set, got and touched on the clock. */
  readonly sessions: number;
  readonly warmUp: number;
}

export interface WorkersPlan {
  /** Sessions that poll, over all workers. */
  readonly sessions: number;
  readonly warmUp: number;
  /** Messages pushed as fast as they go, over all workers. */
  readonly messages: number;
  /** How long a steady flow lasts, in seconds. */
  readonly seconds: number;
}

/** Calls under way at once. */
export const IN_FLIGHT = 256;

/** Requests under way at once in a server of express-session. */
export const FRONT_IN_FLIGHT = 64;

/** Messages a second of the steady flow, over all workers. */
export const STEADY_RATE = 1_000;

/** Messages a second that one of the eight processes pushes to the others. */
export const CROWD_RATE = 200;

export const CROWD_SIZE = 8;

/** Bytes of the text in each message. */
export const TEXT_SIZE = 200;

export function planFor(sessions: number, quick: boolean): StoresPlan {
  return {
    sessions,
    warmUp: Math.min(5_000, sessions),
    workers: quick
      ? { sessions: 200, warmUp: 400, messages: 1_000, seconds: 1 }
      : { sessions: 4_000, warmUp: 20_000, messages: 60_000, seconds: 5 },
    crowd: quick ? { sessions: 400, seconds: 1 } : { sessions: 4_000, seconds: 3 },
    front: quick ? { sessions: 400, warmUp: 100 } : { sessions: 10_000, warmUp: 10_000 },
  };
}
