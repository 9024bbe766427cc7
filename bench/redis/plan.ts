export interface RedisPlan {
  /** Sessions created, looked up and ended while measuring. */
  readonly sessions: number;
  /** Sessions created, looked up and ended before measuring, so that V8 has compiled each subject. */
  readonly warmUp: number;
  readonly delivery: DeliveryPlan;
  readonly memory: MemoryPlan;
}

export interface DeliveryPlan {
  /** Sessions that poll at one node; the other node pushes to them in turn. */
  readonly sessions: number;
  readonly warmUp: number;
  /** Messages pushed as fast as possible. */
  readonly messages: number;
  /** Duration of the steady flow in seconds. */
  readonly seconds: number;
}

export interface MemoryPlan {
  readonly sessions: number;
}

/** Concurrent calls, as in the benchmark of redis-sessions. */
export const IN_FLIGHT = 1_000;

/** Concurrent pushes at saturation. */
export const PUSHES_IN_FLIGHT = 256;

/** Messages per second of the steady flow. */
export const STEADY_RATE = 1_000;

export function planFor(sessions: number, quick: boolean): RedisPlan {
  return {
    sessions,
    warmUp: Math.min(10_000, sessions),
    delivery: quick
      ? { sessions: 200, warmUp: 400, messages: 1_000, seconds: 1 }
      : { sessions: 5_000, warmUp: 20_000, messages: 60_000, seconds: 5 },
    memory: { sessions: quick ? 100 : 5_000 },
  };
}
