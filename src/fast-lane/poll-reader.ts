import type { LaneCaller, LanePolls, Peer } from './lane-polls.js';
import { headPlaceOf, pollQueryOf } from './request-grammar.js';

/** A poll that the lane may take. */
export interface LanePoll {
  readonly caller: LaneCaller;
  readonly query: string;
  /** Position of its end in the text. */
  readonly end: number;
}

/** The bounds of what the lane takes. */
export interface LaneLimits {
  readonly path: string;
  readonly polls: LanePolls;
  /** Longer heads are left to `node:http`, which may refuse them. */
  readonly mostHeadBytes: number;
  /** Heads with more headers are left to `node:http`, which ignores those past its limit. */
  readonly mostHeaders: number;
}

/** Finds the polls in the bytes that arrive on the connections of a lane. */
export class PollReader {
  readonly #limits: LaneLimits;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  /**
   * Reads all polls in a text, or none. `node:http` may refuse all requests that arrive together, so the lane must not
   * answer a poll if a later request in the text is one that only `node:http` may judge.
   * @param text one character for each byte
   * @param known the sender of the last poll of the connection
   * @returns undefined if the text has anything other than complete polls
   */
  read(text: string, peer: Peer, known: LaneCaller | undefined): readonly LanePoll[] | undefined {
    const first = this.#pollAt(text, 0, peer, known);
    if (first === undefined) return undefined;
    const polls = [first];
    let { caller } = first;
    for (let start = first.end; start < text.length; ) {
      const poll = this.#pollAt(text, start, peer, caller);
      if (poll === undefined) return undefined;
      polls.push(poll);
      start = poll.end;
      caller = poll.caller;
    }
    return polls;
  }

  #pollAt(text: string, start: number, peer: Peer, known: LaneCaller | undefined): LanePoll | undefined {
    const line = text.indexOf('\r\n', start);
    if (line === -1) return undefined;
    const query = pollQueryOf(text.slice(start, line), this.#limits.path);
    if (query === undefined) return undefined;
    let caller = known;
    if (caller === undefined || text.slice(line, line + caller.block.length) !== caller.block) {
      const place = headPlaceOf(text, start);
      caller = place && this.#limits.polls.callerOf(text.slice(line, place.end), this.#limits.mostHeaders, peer);
      if (caller === undefined) return undefined;
    }
    const end = line + caller.block.length;
    if (end - start > this.#limits.mostHeadBytes) return undefined;
    return { caller, query, end };
  }
}
