import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AppendOutcome, Cursor, ReadRequest, ReadResult } from '../index.js';
import type { Model, ModelSession } from './model.js';
import type { ExpectedRead } from './model-mailbox.js';
import {
  accounts,
  command,
  pick,
  type RealRun,
  type StoreCommand,
  settleAs,
  someSession,
  sortedById,
} from './model-run.js';
import { app, outgoing } from './trial.js';

const readers = fc.constantFrom('one', 'one', 'one', 'two', 'two', 'three');
const values = fc.constantFrom('', 'x', 'x', 'xxxx', 'xxxxxxxxxxxx');
const keys = fc.constantFrom(undefined, undefined, 'k', 'l');
/** The cursor of a poll: an offset of this epoch or of another, the oldest retained message, or no cursor (drain). */
const standing = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom('tail', 'beyond', 'foreign', 'unproven', 'oldest') },
  { weight: 3, arbitrary: fc.constantFrom('tail', 'drain') },
);

/** Commands on mailboxes. */
export function mailboxCommands(unit: number, half: number): fc.Arbitrary<StoreCommand>[] {
  return [
    command(
      'append',
      { choice: someSession, value: values, key: keys },
      async ({ choice, value, key }, model, real) => {
        const { id, session } = pick(model, choice);
        const message = outgoing(value, key);
        const outcome = await settleAs(model.refusal(session), real.store.append(app, id, message));
        if (outcome === undefined || session === undefined) return;
        await compareOutcomes([outcome], [session], message, model, real);
      },
    ),
    command('appendToAccount', { accountId: accounts, value: values }, async (args, model, real) => {
      const message = outgoing(args.value);
      const outcomes = await real.store.appendToAccount(app, args.accountId, message);
      await compareOutcomes(outcomes, model.liveOf(args.accountId), message, model, real);
    }),
    command('appendToEach', { choices: fc.uniqueArray(someSession), value: values }, async (args, model, real) => {
      const picked = new Set(args.choices.map((choice) => pick(model, choice).id));
      const message = outgoing(args.value);
      const outcomes = await real.store.appendToEach(app, [...picked], message);
      await compareOutcomes(
        outcomes,
        model.live.filter(({ id }) => picked.has(id)),
        message,
        model,
        real,
      );
    }),
    command(
      'read',
      {
        choice: someSession,
        reader: readers,
        standing,
        limit: fc.nat({ max: 4 }),
        waits: fc.boolean(),
        proves: fc.boolean(),
      },
      async ({ choice, reader, limit, waits, proves, ...args }, model, real) => {
        const { id, session } = pick(model, choice);
        const request: ReadRequest = {
          reader,
          after: cursorOf(session, args.standing),
          limit: limit + 1,
          wait: waits ? 1_000 * unit + half : 0,
          secretHash: proves ? session?.secretHash : undefined,
          generation: proves ? session?.generation : undefined,
          ticket: 1,
        };
        await compareRead(id, session, request, model, real);
      },
    ),
    command(
      'acknowledge',
      { choice: someSession, reader: readers, behind: fc.integer({ min: -1, max: 4 }), foreign: fc.nat({ max: 5 }) },
      async (args, model, real) => {
        const { id, session } = pick(model, args.choice);
        const offset = Math.max(0, (session?.mailbox.places.length ?? 0) - args.behind);
        const known = session?.mailbox.cursor(offset) ?? { epoch: 'unknown', offset, proof: 1 };
        const place = args.foreign === 0 ? { ...known, epoch: 'zzzzzzzzzz' } : known;
        await real.store.acknowledge(app, id, args.reader, place);
        if (session === undefined || model.refusal(session) !== undefined) return;
        session.mailbox.age(model.now, model.context);
        session.mailbox.acknowledge(args.reader, place, model.now, model.context);
      },
    ),
    command('release', { choice: someSession, reader: readers }, async ({ choice, reader }, model, real) => {
      const { id, session } = pick(model, choice);
      await real.store.release(app, id, reader);
      if (session !== undefined && model.refusal(session) === undefined) model.unpark(session, reader);
    }),
  ];
}

function cursorOf(session: ModelSession | undefined, standing: number | string): ReadRequest['after'] {
  const epoch = session?.mailbox.epoch;
  if (standing === 'drain') return undefined;
  if (standing === 'oldest') return '';
  if (standing === 'foreign') return { epoch: 'zzzzzzzzzz', offset: 1, proof: 1 };
  if (session === undefined || epoch === undefined) return '';
  const { mailbox } = session;
  const tail = mailbox.places.length;
  if (typeof standing === 'number') return mailbox.cursor(Math.max(0, tail - standing));
  const cursor: Cursor = mailbox.cursor(tail);
  if (standing === 'beyond') return { ...cursor, offset: tail + 1 };
  return standing === 'unproven' ? { ...cursor, proof: -1 } : cursor;
}

async function compareRead(
  id: string,
  session: ModelSession | undefined,
  request: ReadRequest,
  model: Model,
  real: RealRun,
): Promise<void> {
  const result = await settleAs(model.refusal(session, request.secretHash), real.store.read(app, id, request));
  if (result === undefined || session === undefined) return;
  const { mailbox } = session;
  const expected = mailbox.read(request, model.now, model.context);
  if (mailbox.epoch === undefined) {
    assert.ok(!model.sessions.some((each) => each.mailbox.epoch === result.epoch), 'epochs differ');
    mailbox.epoch = result.epoch;
  }
  mailbox.learnCursor(result.offset, result.proof);
  for (const message of result.messages) mailbox.learn(message.offset, message.at);
  assertRead(result, expected, session, real);
  mailbox.afterRead(result.droppedReader, model.now, model.context);
  assert.equal(result.cameOnline, model.contact(session));
  if (model.context.pollRenews && !mailbox.parked) session.lastTime = model.now;
}

function assertRead(result: ReadResult, expected: ExpectedRead, { given, mailbox }: ModelSession, real: RealRun): void {
  const { accountId, epoch, offset, reset, parked, messages, lost, droppedReader } = result;
  assert.deepEqual(
    { accountId, epoch, offset, reset, parked },
    {
      accountId: given.accountId,
      epoch: mailbox.epoch,
      offset: expected.offset,
      reset: expected.reset,
      parked: expected.parked,
    },
  );
  assert.deepEqual(
    messages.map(({ json, offset, at }) => ({ json, offset, at: real.time(at) })),
    expected.places.map(({ message, offset, at }) => ({ json: message.json, offset, at: real.exact ? at : 0 })),
  );
  if (expected.lostMore) assert.ok(lost >= expected.lost, 'lost is never too small');
  else assert.equal(lost, expected.lost, 'lost is exact');
  assert.equal(droppedReader !== undefined, expected.silentest.length > 0);
  assert.ok(
    droppedReader === undefined || expected.silentest.includes(droppedReader),
    'the reader silent for longest is evicted',
  );
}

async function compareOutcomes(
  outcomes: readonly AppendOutcome[],
  sessions: readonly ModelSession[],
  message: ReturnType<typeof outgoing>,
  model: Model,
  real: RealRun,
): Promise<void> {
  const expected = sessions.map((session) => {
    const { app: namespace, id, accountId } = session.given;
    const { tells, ...verdict } = model.append(session, message);
    return { outcome: { app: namespace, id, accountId, ...verdict }, tells };
  });
  assert.deepEqual(sortedById(outcomes), sortedById(expected.map(({ outcome }) => outcome)));
  const kinds = { accepted: 'appended', dropped: 'changed', close: 'closed', full: 'changed' } as const;
  for (const { outcome, tells } of expected) {
    if (tells) await real.trial.notice(kinds[outcome.verdict], outcome.id);
  }
}
