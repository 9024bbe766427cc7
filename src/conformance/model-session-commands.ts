import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Renewal, SessionError } from '../index.js';
import { hashSecret, newSecret } from '../store/session-token.js';
import { ModelSession, type PossibleRefusals } from './model.js';
import { appCommands } from './model-app-commands.js';
import { accounts, command, pick, type StoreCommand, settleAs, someSession, sortedById } from './model-run.js';
import { app } from './trial.js';

const attributes = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('1', '"x"', 'null'), { maxKeys: 3 });
const patches = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('2', '[]', null), { maxKeys: 3 });

const renewals = (unit: number, half: number): fc.Arbitrary<Renewal> =>
  fc.record({ activity: fc.boolean(), ttl: fc.constantFrom(undefined, 3 * unit + half, 50 * unit + half) });

/** Inserts a session. Compares the eviction, or the refusal at the limit, with the model. */
export function insertCommand(): fc.Arbitrary<StoreCommand> {
  return command('insert', { accountId: accounts, attributes }, async (args, model, real) => {
    const { maxAge } = model.context;
    const given = real.trial.newSession(args.accountId, {
      attributes: args.attributes,
      ttl: model.context.gcTime,
      maxAge,
    });
    const { needed, candidates } = model.eviction(args.accountId);
    if (needed && model.context.onMaxSession === 'reject') {
      await assert.rejects(real.store.insert(given), (error) => SessionError.is(error, 'SESSION_LIMIT'));
      return;
    }
    const { record, evicted } = await real.store.insert(given);
    real.startAt(record.createdAt - model.now);
    await real.assertEviction(evicted, model, needed, candidates);
    const session = new ModelSession(given, model.now);
    model.sessions.push(session);
    assert.deepEqual(real.record(record), real.expected(model.record(session)));
  });
}

/** Uses the id of a live, closed or forgotten session, or a new one. */
export function insertOnceCommand(): fc.Arbitrary<StoreCommand> {
  return command('insertOnce', { choice: fc.option(someSession), attributes }, async (args, model, real) => {
    const { session: taken } = args.choice === null ? { session: undefined } : pick(model, args.choice);
    const { gcTime: ttl, maxAge, onMaxSession } = model.context;
    const accountId = taken?.given.accountId ?? 'alice';
    const id = taken === undefined ? {} : { id: taken.id };
    const given = real.trial.newSession(accountId, { ttl, maxAge, attributes: args.attributes, ...id });
    const refusal = taken === undefined ? ['SESSION_UNKNOWN' as const] : model.refusal(taken);
    if (taken !== undefined && refusal === undefined) {
      const { record, evicted, inserted } = await real.store.insertOnce(given);
      assert.deepEqual([evicted, inserted], [[], false]);
      assert.deepEqual(real.record(record), real.expected(model.record(taken)));
      return;
    }
    const { needed, candidates } = model.eviction(accountId);
    const refused: PossibleRefusals = refusal?.filter((each) => each !== 'SESSION_UNKNOWN') ?? [];
    const mayInsert = refusal?.includes('SESSION_UNKNOWN') === true;
    const mayExceed = mayInsert && needed && onMaxSession === 'reject';
    const result = await real.store.insertOnce(given).catch((error) => {
      if (mayExceed && SessionError.is(error, 'SESSION_LIMIT')) return undefined;
      assert.ok(SessionError.is(error, 'SESSION_CLOSED') && refused.includes(error.details.reason), String(error));
      return undefined;
    });
    if (result === undefined) return;
    assert.ok(mayInsert && !mayExceed && result.inserted, 'the tombstone is forgotten, and there is room');
    real.startAt(result.record.createdAt - model.now);
    await real.assertEviction(result.evicted, model, needed, candidates);
    const session = new ModelSession(given, model.now);
    if (taken !== undefined) model.forget(taken);
    model.sessions.push(session);
    assert.deepEqual(real.record(result.record), real.expected(model.record(session)));
  });
}

/** Needs two sessions, so it is often refused. */
export function replaceCommand(): fc.Arbitrary<StoreCommand> {
  return command('replace', { by: someSession, of: someSession }, async (args, model, real) => {
    const [by, of] = [pick(model, args.by), pick(model, args.of)];
    if (by.id === of.id) return;
    const refusal = model.refusal(by.session) ?? model.refusal(of.session);
    // A message that is exactly `messageTtl` old is not taken over.
    of.session?.mailbox.age(model.now, model.context);
    const isNotified = by.session?.mailbox.parked && (of.session?.mailbox.kept.length ?? 0) > 0;
    const oldParked = of.session?.mailbox.parked;
    const result = await settleAs(refusal, real.store.replace(app, by.id, of.id));
    if (result === undefined || by.session === undefined || of.session === undefined) return;
    assert.deepEqual(result.closed, model.replace(by.session, of.session));
    // A store may count the moved attributes as a write, or not.
    assert.ok([by.session.writes, by.session.writes + 1].includes(result.record.writes));
    by.session.writes = result.record.writes;
    assert.deepEqual(real.record(result.record), real.expected(model.record(by.session)));
    if (isNotified) await real.trial.notice('changed', by.id);
    if (oldParked) await real.trial.notice('closed', of.id);
  });
}

/** Commands on sessions. Each runs on the store and on the model, and compares the results. */
export function sessionCommands(unit: number, half: number): fc.Arbitrary<StoreCommand>[] {
  return [...recordCommands(unit, half), ...credentialCommands(), ...endCommands(), ...appCommands(unit, half)];
}

/** Commands that read, renew or patch one session. */
function recordCommands(unit: number, half: number): fc.Arbitrary<StoreCommand>[] {
  return [
    command('authenticate', { choice: someSession, right: fc.boolean() }, async ({ choice, right }, model, real) => {
      const { id, session } = pick(model, choice);
      const secretHash = right && session !== undefined ? session.secretHash : hashSecret('wrong');
      const contact = await settleAs(model.refusal(session, secretHash), real.store.authenticate(app, id, secretHash));
      if (contact === undefined || session === undefined) return;
      session.reads += 1;
      real.assertContact(contact, model, session);
      assert.deepEqual(real.record(contact.record), real.expected(model.record(session)));
    }),
    command('get', { choice: someSession }, async ({ choice }, model, real) => {
      const { id, session } = pick(model, choice);
      const record = await settleAs(model.refusal(session), real.store.get(app, id));
      if (record === undefined || session === undefined) return;
      assert.deepEqual(real.record(record), real.expected(model.record(session)));
    }),
    command('touch', { choice: someSession, renewal: renewals(unit, half) }, async (args, model, real) => {
      const { id, session } = pick(model, args.choice);
      const contact = await settleAs(model.refusal(session), real.store.touch(app, id, args.renewal));
      if (contact === undefined || session === undefined) return;
      real.assertContact(contact, model, session, args.renewal.activity);
      session.ttl = args.renewal.ttl ?? session.ttl;
      assert.deepEqual(real.record(contact.record), real.expected(model.record(session)));
    }),
    command('patch', { choice: someSession, patch: patches }, async ({ choice, patch }, model, real) => {
      const { id, session } = pick(model, choice);
      const record = await settleAs(model.refusal(session), real.store.patch(app, id, patch));
      if (record === undefined || session === undefined) return;
      model.patch(session, patch);
      assert.deepEqual(real.record(record), real.expected(model.record(session)));
    }),
    command(
      'patchAsBearer',
      { choice: someSession, right: fc.boolean(), patch: patches },
      async ({ choice, right, patch }, model, real) => {
        const { id, session } = pick(model, choice);
        const secretHash = right && session !== undefined ? session.secretHash : hashSecret('wrong');
        const patching = real.store.patchAsBearer(app, id, secretHash, patch);
        const contact = await settleAs(model.refusal(session, secretHash), patching);
        if (contact === undefined || session === undefined) return;
        model.patch(session, patch);
        real.assertContact(contact, model, session);
        assert.deepEqual(real.record(contact.record), real.expected(model.record(session)));
      },
    ),
  ];
}

/** Commands that replace the secret of a session, or record who uses it. */
function credentialCommands(): fc.Arbitrary<StoreCommand>[] {
  return [
    command('rotate', { choice: someSession, keepOpen: fc.boolean() }, async ({ choice, keepOpen }, model, real) => {
      const { id, session } = pick(model, choice);
      const secretHash = hashSecret(newSecret());
      const record = await settleAs(model.refusal(session), real.store.rotate(app, id, secretHash, keepOpen));
      if (record === undefined || session === undefined) return;
      session.secretHash = secretHash;
      if (!keepOpen) {
        session.generation += 1;
        if (session.mailbox.parked) await real.trial.notice('rotated', id);
        model.unpark(session);
      }
      assert.deepEqual(real.record(record), real.expected(model.record(session)));
    }),
    command('rotateAndEndOthers', { choice: someSession }, async ({ choice }, model, real) => {
      const { id, session } = pick(model, choice);
      const secretHash = hashSecret(newSecret());
      const accountId = session?.given.accountId ?? 'alice';
      const rotating = real.store.rotateAndEndOthers(app, accountId, id, secretHash);
      const rotation = await settleAs(model.refusal(session), rotating);
      if (rotation === undefined || session === undefined) return;
      const ending = model.liveOf(accountId).filter((other) => other !== session);
      const closed = ending.map((other) => model.end(other, 'revoked'));
      assert.deepEqual(sortedById(rotation.closed), sortedById(closed));
      session.secretHash = secretHash;
      session.generation += 1;
      if (session.mailbox.parked) await real.trial.notice('rotated', id);
      model.unpark(session);
      assert.deepEqual(real.record(rotation.record), real.expected(model.record(session)));
    }),
    command(
      'reauthenticate',
      { choice: someSession, level: fc.constantFrom(undefined, 0, 2) },
      async ({ choice, level }, model, real) => {
        const { id, session } = pick(model, choice);
        const record = await settleAs(model.refusal(session), real.store.reauthenticate(app, id, level));
        if (record === undefined || session === undefined) return;
        session.authenticatedAt = model.now;
        session.level = level ?? session.level;
        assert.deepEqual(real.record(record), real.expected(model.record(session)));
      },
    ),
    command('recordClient', { choice: someSession, ip: fc.constantFrom('::1', '::2') }, async (args, model, real) => {
      const { id, session } = pick(model, args.choice);
      const recording = real.store.recordClient(app, id, args.ip, session?.given.userAgent ?? '');
      const record = await settleAs(model.refusal(session), recording);
      if (record === undefined || session === undefined) return;
      session.lastIp = args.ip;
      assert.deepEqual(real.record(record), real.expected(model.record(session)));
    }),
  ];
}

/** Commands that end sessions. */
function endCommands(): fc.Arbitrary<StoreCommand>[] {
  return [
    command('end', { choice: someSession }, async ({ choice }, model, real) => {
      const { id, session } = pick(model, choice);
      const live = session !== undefined && model.refusal(session) === undefined;
      const parked = live && session.mailbox.parked;
      assert.deepEqual(await real.store.end(app, id, 'logout'), live ? model.end(session, 'logout') : undefined);
      if (parked) await real.trial.notice('closed', id);
    }),
    command('endAsBearer', { choice: someSession, right: fc.boolean() }, async ({ choice, right }, model, real) => {
      const { id, session } = pick(model, choice);
      const secretHash = right && session !== undefined ? session.secretHash : hashSecret('wrong');
      const ends = session !== undefined && model.refusal(session, secretHash) === undefined;
      const parked = ends && session.mailbox.parked;
      const closed = await real.store.endAsBearer(app, id, secretHash, 'logout');
      assert.deepEqual(closed, ends ? model.end(session, 'logout') : undefined);
      if (parked) await real.trial.notice('closed', id);
    }),
    command('endAccount', { accountId: accounts, except: fc.option(someSession) }, async (args, model, real) => {
      const except = args.except === null ? undefined : pick(model, args.except).id;
      const ending = model.liveOf(args.accountId).filter(({ id }) => id !== except);
      const closed = await real.store.endAccount(app, args.accountId, 'revoked', except);
      assert.deepEqual(sortedById(closed), sortedById(ending.map((session) => model.end(session, 'revoked'))));
    }),
  ];
}
