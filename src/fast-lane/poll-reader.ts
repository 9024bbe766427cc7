import type { LaneHost } from './lane-host.js';
import type { LaneCaller, Peer } from './lane-polls.js';
import { headPlaceOf, pollQueryOf } from './request-grammar.js';

/** A poll that the lane may take. */
export interface LanePoll {
  readonly caller: LaneCaller;
  readonly query: string;
  /** Where it ends in its text. */
  readonly end: number;
}

type Host = Pick<LaneHost, 'path' | 'polls' | 'mostHeadBytes' | 'mostHeaders'>;

/** Finds the polls in what comes on one connection. */
export class PollReader {
  readonly #host: Host;
  readonly #peer: Peer;
  #caller: LaneCaller | undefined = undefined;

  constructor(host: Host, peer: Peer) {
    this.#host = host;
    this.#peer = peer;
  }

  /**
   * All or nothing: `node:http` refuses at once what came together, so no poll may be answered that stands before a request
   * which only `node:http` judges.
   * @param text one character for each byte
   * @returns undefined when the text is anything else than complete polls
   */
  read(text: string): readonly LanePoll[] | undefined {
    const polls: LanePoll[] = [];
    for (let start = 0; start < text.length; ) {
      const poll = this.#pollAt(text, start);
      if (poll === undefined) return undefined;
      polls.push(poll);
      start = poll.end;
    }
    return polls;
  }

  #pollAt(text: string, start: number): LanePoll | undefined {
    const line = text.indexOf('\r\n', start);
    if (line === -1) return undefined;
    const query = pollQueryOf(text.slice(start, line), this.#host.path);
    if (query === undefined) return undefined;
    let caller = this.#caller;
    if (caller === undefined || !text.startsWith(caller.block, line)) {
      const place = headPlaceOf(text, start);
      caller = place && this.#host.polls.callerOf(text.slice(line, place.end), this.#host.mostHeaders, this.#peer);
      if (caller === undefined) return undefined;
    }
    const end = line + caller.block.length;
    if (end - start > this.#host.mostHeadBytes) return undefined;
    this.#caller = caller;
    return { caller, query, end };
  }
}
