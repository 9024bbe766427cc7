/** Counts of events since the lane was opened. */
export interface LaneCounts {
  /** Polls that were answered, or are held, on the bare socket. */
  readonly pollsInLane: number;
  /** Polls of this path that reached `node:http` on connections of the server. */
  readonly pollsOutside: number;
  /** Number of times that a connection was handed over to `node:http`, for one request or for good. */
  readonly handedOver: number;
  /** Number of times that a connection returned to the lane after one request. */
  readonly returned: number;
}

export type MutableLaneCounts = { -readonly [Name in keyof LaneCounts]: number };
