export interface PollPlan {
  readonly clients: number;
  /** Passes over all clients: each gives every client one message. */
  readonly warmUpPasses: number;
  readonly unicastPasses: number;
  readonly broadcastRounds: number;
  readonly readyWaves: number;
}

/**
 * Maximum number of clients that were answered and do not poll again yet, in unicast. Far fewer than all clients, far
 * more than one for each turn of the event loop.
 */
export const UNANSWERED_LIMIT = 64;

/** Connections opened at once: few enough for any listen queue. */
export const OPENING_LANES = 50;

/** Clients that poll before the memory baseline, so that code loaded at first use isn't counted as memory of polls. */
export const FIRST_CLIENTS = 50;

/** No poll may end by itself while it is being measured. */
export const HOLD_TIME = 15 * 60_000;

export interface IdlePlan {
  readonly clients: number;
  /** Milliseconds after which a held poll is answered without messages, and an idle stream is sent a heartbeat. */
  readonly holdTime: number;
  /** Number of hold times during which CPU is measured. */
  readonly holdTimes: number;
}

export function idlePlanFor(clients: number, quick: boolean): IdlePlan {
  return { clients, holdTime: quick ? 1_000 : 10_000, holdTimes: quick ? 1 : 2 };
}

export function planFor(clients: number, quick: boolean): PollPlan {
  const passes = quick ? 2 : Math.max(1, Math.round(60_000 / clients));
  return {
    clients,
    warmUpPasses: quick ? 1 : Math.max(1, Math.round(20_000 / clients)),
    unicastPasses: passes,
    broadcastRounds: passes,
    readyWaves: passes,
  };
}
