export interface RedisPlan {
  /** Sessions created, looked up and ended on the clock. */
  readonly sessions: number;
  /** The same off the clock before, so that no subject is timed while still being compiled. */
  readonly warmUp: number;
  readonly delivery: DeliveryPlan;
  readonly memory: MemoryPlan;
}

export interface DeliveryPlan {
  /** Sessions that poll at the one node, and are pushed to in turn at the other. */
  readonly sessions: number;
  readonly warmUp: number;
  /** Messages pushed as fast as they go. */
  readonly messages: number;
  /** How long a steady flow lasts, in seconds. */
  readonly seconds: number;
}

export interface MemoryPlan {
  readonly sessions: number;
}

/** Calls under way at once, as in redis-sessions' own measurement. */
export const IN_FLIGHT = 1_000;

/** Pushes under way at once at saturation. */
export const PUSHES_IN_FLIGHT = 256;

/** Messages a second of the steady flow. */
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
