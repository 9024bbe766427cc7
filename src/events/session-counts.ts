import { closeReasons } from '../errors/close-reason.js';

/** The field that says which kind of its event a payload is. An event that is not here has no kinds. */
const kindFields: Readonly<Record<string, string>> = {
  closed: 'reason',
  limit: 'verdict',
  overflow: 'verdict',
  refused: 'kind',
};

/** Kinds that are counted as 0 before the first: a monitor computes a rate only of what was there before. */
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
 * How many events this node has emitted since it started, of all apps. Counted where they are emitted, whether or not someone
 * listens. A kind of event that is new to this class is counted under its own name.
 */
export class SessionCounts {
  readonly #counts = new Map<string, Count>();

  /** @param event the name of an event; 0 for one that was never emitted */
  total(event: string): number {
    return this.#counts.get(event)?.total ?? 0;
  }

  /**
   * The count of each kind: of `closed` by close reason, of `limit` and `overflow` by verdict, of `refused` by its kind.
   * @returns a copy; empty for an event without kinds
   */
  byKind(event: string): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts.get(event)?.kinds ?? zeroOf(event).kinds);
  }

  /** For logs and consoles: the number of each event that was emitted, or its numbers by kind. */
  toJSON(): Readonly<Record<string, number | Readonly<Record<string, number>>>> {
    const entries = [...this.#counts].map(([event, { total, kindField, kinds }]) => {
      const counted = kindField === undefined ? total : Object.fromEntries(kinds);
      return [event, counted] as const;
    });
    return Object.fromEntries(entries);
  }

  /** For `SessionEvents`: counts one event. */
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
