import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type ClosedSession, type Contact, SessionError, type SessionRecord, type SessionStore } from '../index.js';
import type { Model, ModelSession, PossibleRefusals } from './model.js';
import type { Trial } from './trial.js';

/** The store under test, with the conversion of its times to times of the model. */
export class RealRun {
  readonly trial: Trial;
  /** Whether only the test moves the store's clock. */
  readonly exact: boolean;
  #start: number | undefined;

  constructor(trial: Trial, exact: boolean) {
    this.trial = trial;
    this.exact = exact;
  }

  get store(): SessionStore {
    return this.trial.store;
  }

  /** Sets the store's time at which the model's time is 0. */
  startAt(time: number): void {
    this.#start ??= time;
  }

  /** Converts a time of the store to a time of the model. Always 0 for a store that really waits. */
  time(storeTime: number): number {
    return this.exact ? storeTime - (this.#start ?? 0) : 0;
  }

  record(record: SessionRecord): SessionRecord {
    const { createdAt, lastTime, authenticatedAt, attributes, ...rest } = record;
    return {
      ...rest,
      attributes: { ...attributes },
      createdAt: this.time(createdAt),
      lastTime: this.time(lastTime),
      authenticatedAt: this.time(authenticatedAt),
    };
  }

  /** Applies the store's contact to the model, and compares the time of the activity before the contact. */
  assertContact(contact: Contact, model: Model, session: ModelSession, isActivity = true): void {
    if (this.exact) assert.equal(this.time(contact.previousTime), model.activity(session));
    if (isActivity) session.lastTime = model.now;
    assert.equal(contact.cameOnline, model.contact(session));
  }

  /** Checks that the store evicted one of the candidates if an eviction was needed, and applies it to the model. */
  async assertEviction(
    evicted: readonly ClosedSession[],
    model: Model,
    needed: boolean,
    candidates: readonly ModelSession[],
  ): Promise<void> {
    const victim = candidates.find(({ id }) => id === evicted[0]?.id);
    assert.equal(victim !== undefined, needed, 'a session is evicted when there is no room, and only then');
    const parked = victim?.mailbox.parked;
    assert.deepEqual(evicted, victim === undefined ? [] : [model.end(victim, 'evicted')]);
    if (victim !== undefined && parked) await this.trial.notice('closed', victim.id);
  }

  /** The model's record, in the form of `record`. */
  expected(record: SessionRecord): SessionRecord {
    return this.exact ? record : { ...record, createdAt: 0, lastTime: 0, authenticatedAt: 0 };
  }
}

export type StoreCommand = fc.AsyncCommand<Model, RealRun>;

/** A command with arguments. A failing run prints the command with the values of its arguments. */
export function command<Arguments extends object>(
  name: string,
  args: { [Key in keyof Arguments]: fc.Arbitrary<Arguments[Key]> },
  run: (args: Arguments, model: Model, real: RealRun) => Promise<void>,
): fc.Arbitrary<StoreCommand> {
  return fc.record(args).map((values) => ({
    check: () => true,
    run: (model: Model, real: RealRun) => run(values as Arguments, model, real),
    toString: () => `${name}(${JSON.stringify(values)})`,
  }));
}

export const accounts = fc.constantFrom('alice', 'bob');

/** Chooses mostly a live session; sometimes one of the latest sessions, live or closed, or an unused id. */
export const someSession = fc.oneof(
  { weight: 5, arbitrary: fc.nat({ max: 2 }) },
  { weight: 1, arbitrary: fc.integer({ min: -6, max: -1 }) },
);

export function pick(
  model: Model,
  choice: number,
): { readonly id: string; readonly session: ModelSession | undefined } {
  const { live } = model;
  const session = choice < 0 ? model.sessions.at(choice) : live[choice % live.length];
  return { id: session?.id ?? 'A'.repeat(24), session };
}

/** Checks that the operation succeeds, or is refused as the model expects. */
export async function settleAs<Result>(
  refusal: PossibleRefusals | undefined,
  operation: Promise<Result>,
): Promise<Result | undefined> {
  if (refusal === undefined) return operation;
  try {
    const result = await operation;
    assert.fail(`refused as ${refusal.join(' or ')}, but it resolved to ${JSON.stringify(result)}`);
  } catch (error) {
    if (!SessionError.is(error)) throw error;
    const outcome = SessionError.is(error, 'SESSION_CLOSED') ? error.details.reason : error.code;
    assert.ok(
      refusal.some((each) => each === outcome),
      `refused as ${refusal.join(' or ')}, not as ${outcome}`,
    );
    return undefined;
  }
}

export function sortedById<Item extends { readonly id: string }>(items: readonly Item[]): readonly Item[] {
  return items.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}
