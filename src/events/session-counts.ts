import { closeReasons } from '../errors/close-reason.js';

/** The field of the payload that contains the kind of each event. An event that is not listed has no kinds. */
const kindFields: Readonly<Record<string, string>> = {
  closed: 'reason',
  limit: 'verdict',
  overflow: 'verdict',
  refused: 'kind',
};

/** Kinds that start with the count 0: a monitor computes a rate only for a series that exists. */
const knownKinds: Readonly<Record<string, readonly string[]>> = {
  closed: Object.keys(closeReasons),
  limit: ['refused', 'evicted'],
  overflow: ['accepted', 'dropped', 'full', 'close'],
  refused: ['unknown', 'wrong-secret', 'rotated', 'closed', 'cross-site', 'other-client'],
};

interface Count {
  total: number;
  readonly kindField: string | undefined;
  readonly kinds: Map<string, number>;
}

/**
 * Numbers of the events that this node has emitted since it started, for all apps. Events are counted where they are
 * emitted, whether or not there is a listener. A kind that this class does not know is counted under its own name.
 */
export class SessionCounts {
  readonly #counts = new Map<string, Count>();

  /** Returns the number of events with this name; 0 if none was emitted. */
  total(event: string): number {
    return this.#counts.get(event)?.total ?? 0;
  }

  /**
   * Returns the count of each kind: `closed` by close reason, `limit` and `overflow` by verdict, `refused` by `kind`.
   * @returns a copy; empty for an event without kinds
   */
  byKind(event: string): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts.get(event)?.kinds ?? zeroOf(event).kinds);
  }

  /** Returns, for logs and consoles, the number of each event that was emitted, or its numbers by kind. */
  toJSON(): Readonly<Record<string, number | Readonly<Record<string, number>>>> {
    const entries = [...this.#counts].map(([event, { total, kindField, kinds }]) => {
      const counted = kindField === undefined ? total : Object.fromEntries(kinds);
      return [event, counted] as const;
    });
    return Object.fromEntries(entries);
  }

  /** Counts one event. Only for `SessionEvents`. */
  add(event: string, payload: object): void {
    let count = this.#counts.get(event);
    if (count === undefined) {
      count = zeroOf(event);
      this.#counts.set(event, count);
    }
    count.total += 1;
    if (count.kindField === undefined) return;
    const kind = String(Reflect.get(payload, count.kindField));
    count.kinds.set(kind, (count.kinds.get(kind) ?? 0) + 1);
  }
}

function zeroOf(event: string): Count {
  const kinds = (knownKinds[event] ?? []).map((kind) => [kind, 0] as const);
  return { total: 0, kindField: kindFields[event], kinds: new Map(kinds) };
}
