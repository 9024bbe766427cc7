export interface StoresPlan {
  /** Sessions created, looked up, pushed to, polled and ended in the timed part. */
  readonly sessions: number;
  /** Sessions used before the timed part, so that no subject is timed while it is still being compiled. */
  readonly warmUp: number;
  readonly workers: WorkersPlan;
  readonly crowd: CrowdPlan;
  readonly front: FrontPlan;
}

/** Eight processes on one file. */
export interface CrowdPlan {
  /** Sessions that poll, for all processes together. */
  readonly sessions: number;
  /** Seconds for which all push as fast as they can, and then seconds for which one pushes at a steady rate. */
  readonly seconds: number;
}

/** Sessions of express-session. */
export interface FrontPlan {
  /** Sessions set, read and touched in the timed part. */
  readonly sessions: number;
  readonly warmUp: number;
}

export interface WorkersPlan {
  /** Sessions that poll, for all workers together. */
  readonly sessions: number;
  readonly warmUp: number;
  /** Messages that all workers together push as fast as possible. */
  readonly messages: number;
  /** Duration of the steady flow in seconds. */
  readonly seconds: number;
}

/** Concurrent calls. */
export const IN_FLIGHT = 256;

/** Concurrent requests in a server with express-session. */
export const FRONT_IN_FLIGHT = 64;

/** Messages a second of the steady flow, for all workers together. */
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
