import assert from 'node:assert/strict';
import type { UnknownToken } from '../index.js';
import { hashSecret, newId, newSecret } from '../store/session-token.js';
import type { DeclareRule } from './rule.js';
import { app, isClosed, isUnknown, outgoing, rejectsWith, valuesOf } from './trial.js';

/** Rules of replacing a session's secret, and of polls and streams that were opened with the old secret. */
export function rotationRules(rule: DeclareRule, unit: number): void {
  rule('after rotate only the new secret is accepted', async (start) => {
    const trial = await start();
    const { id, secretHash, record } = await trial.login();
    const newHash = hashSecret(newSecret());
    assert.deepEqual(await trial.store.rotate(app, id, newHash, false), { ...record, generation: 1 });
    await isUnknown(trial.store.authenticate(app, id, secretHash));
    await isUnknown(trial.read(id, { secretHash }));
    assert.equal((await trial.store.authenticate(app, id, newHash)).record.generation, 1);
    assert.equal((await trial.read(id, { secretHash: newHash })).generation, 1);
  });

  rule('rotate keeps mailbox and cursors', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const { epoch } = await trial.read(id, { limit: 1 });
    await trial.store.rotate(app, id, hashSecret(newSecret()), false);
    const rest = await trial.read(id, { after: { epoch, offset: 1 } });
    assert.deepEqual([valuesOf(rest), rest.reset, rest.lost], [['b', 'c'], false, 0]);
  });

  rule('of concurrent rotations, exactly one new secret is accepted', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    const hashes = Array.from({ length: 10 }, () => hashSecret(newSecret()));
    await Promise.all(hashes.map((each) => trial.store.rotate(app, id, each, false)));
    const tries = await Promise.allSettled(hashes.map((each) => trial.store.authenticate(app, id, each)));
    assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await trial.store.get(app, id)).generation, 10);
  });

  rule('rotate releases the parked readers, and notifies their nodes of the new generation', async (start) => {
    const trial = await start({ gcTime: 3 * unit });
    const { id } = await trial.login();
    await trial.park(id, 'one');
    await trial.park(id, 'two');
    await trial.store.rotate(app, id, hashSecret(newSecret()), false);
    assert.deepEqual(await trial.notice('rotated', id), { kind: 'rotated', app, id, generation: 1 });
    await trial.store.append(app, id, outgoing('x'));
    assert.ok(!trial.notices.some(({ kind }) => kind === 'appended'), 'no reader is parked any more');
    await trial.pass(3);
    assert.equal((await trial.sweep()).length, 1, 'the idle time runs again');
  });

  rule('a read of an older generation is refused, and moves no reader', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a');
    const { generation, epoch } = await trial.read(id, { limit: 1 });
    await trial.push(id, 'b');
    await trial.read(id, { reader: 'other' });
    await trial.store.rotate(app, id, hashSecret(newSecret()), false);
    await isClosed('rotated', trial.read(id, { after: { epoch, offset: 1 }, generation }));
    await isClosed('rotated', trial.read(id, { after: { epoch, offset: 2 }, wait: 1_000 * unit, generation }));
    const drained = await trial.read(id, { after: undefined, generation: generation + 1 });
    assert.deepEqual(valuesOf(drained), ['a', 'b']);
  });

  rule(
    'a refusal tells an unknown session, a wrong secret and the secret before the latest rotation apart',
    async (start) => {
      const trial = await start();
      const { id, secretHash: first } = await trial.login();
      const [second, third] = [hashSecret(newSecret()), hashSecret(newSecret())];
      const refuses = async (secretHash: string, refused: UnknownToken) => {
        await rejectsWith('SESSION_UNKNOWN', trial.store.authenticate(app, id, secretHash), { refused });
        await rejectsWith('SESSION_UNKNOWN', trial.read(id, { secretHash }), { refused });
        await rejectsWith('SESSION_UNKNOWN', trial.store.patchAsBearer(app, id, secretHash, {}), { refused });
      };
      await refuses(second, 'wrong-secret');
      await trial.store.rotate(app, id, second, true);
      await refuses(first, 'rotated');
      await trial.store.rotate(app, id, third, false);
      await refuses(second, 'rotated');
      await refuses(first, 'wrong-secret');
      await trial.store.authenticate(app, id, third);
      await trial.store.end(app, id, 'revoked');
      await isClosed('revoked', trial.store.authenticate(app, id, third));
      await refuses(second, 'wrong-secret');
      const unknown = trial.store.authenticate(app, newId(trial.store.idPrefix(app, 'alice')), third);
      await rejectsWith('SESSION_UNKNOWN', unknown, { refused: 'unknown' });
      await rejectsWith('SESSION_UNKNOWN', trial.store.authenticate(app, newId(''), third), { refused: 'unknown' });
    },
  );

  rule('rotateAndEndOthers rotates the session and closes all others of its account, and only these', async (start) => {
    const trial = await start();
    const [mine, first, second] = [await trial.login(), await trial.login(), await trial.login()];
    const others = [await trial.login('bob'), await trial.login('alice', { app: 'other' })];
    const { generation } = await trial.park(mine.id);
    await trial.park(first.id);
    await trial.push(second.id, 'lost');
    const newHash = hashSecret(newSecret());
    const { record, closed } = await trial.store.rotateAndEndOthers(app, 'alice', mine.id, newHash);
    assert.deepEqual([record.id, record.generation], [mine.id, generation + 1]);
    const told = closed.map(({ id, reason, undelivered }) => [id, reason, undelivered]);
    const expected = [
      [first.id, 'revoked', 0],
      [second.id, 'revoked', 1],
    ];
    assert.deepEqual(told.toSorted(), expected.toSorted());
    await trial.notice('rotated', mine.id);
    await trial.notice('closed', first.id);
    await isUnknown(trial.store.authenticate(app, mine.id, mine.secretHash));
    await trial.store.authenticate(app, mine.id, newHash);
    for (const { id, secretHash } of [first, second])
      await isClosed('revoked', trial.store.authenticate(app, id, secretHash));
    assert.deepEqual(
      (await trial.store.listAccount(app, 'alice')).map(({ id }) => id),
      [mine.id],
    );
    for (const { record: other } of others) assert.deepEqual(await trial.store.get(other.app, other.id), other);
  });

  rule('rotateAndEndOthers of a session of another account, or of one that ended, changes nothing', async (start) => {
    const trial = await start();
    const [alice, other, bob] = [await trial.login('alice'), await trial.login('alice'), await trial.login('bob')];
    const newHash = hashSecret(newSecret());
    await isUnknown(trial.store.rotateAndEndOthers(app, 'alice', bob.id, newHash));
    await trial.store.end(app, other.id, 'logout');
    await isClosed('logout', trial.store.rotateAndEndOthers(app, 'alice', other.id, newHash));
    const expired = await trial.login('alice', { ttl: unit });
    await trial.pass(1);
    await isClosed('expired', trial.store.rotateAndEndOthers(app, 'alice', expired.id, newHash));
    for (const { id, secretHash } of [alice, bob]) await trial.store.authenticate(app, id, secretHash);
  });

  rule('of logins and rotateAndEndOthers at once, no session from before stays', async (start) => {
    const trial = await start();
    const mine = await trial.login();
    const before = [await trial.login(), await trial.login()];
    const [rotation] = await Promise.all([
      trial.store.rotateAndEndOthers(app, 'alice', mine.id, hashSecret(newSecret())),
      trial.login(),
      trial.login(),
    ]);
    const live = (await trial.store.listAccount(app, 'alice')).map(({ id }) => id);
    assert.ok(live.includes(mine.id));
    for (const { id } of before) assert.ok(!live.includes(id));
    assert.ok(rotation.closed.every(({ id }) => !live.includes(id)));
  });

  rule('rotate changes neither level nor time of the authentication, and shows no hash', async (start) => {
    const trial = await start();
    const { id, secretHash, record } = await trial.login('alice', { level: 2, ip: '::1', userAgent: 'Agent' });
    await trial.pass(1);
    const rotated = await trial.store.rotate(app, id, hashSecret(newSecret()), true);
    assert.deepEqual(rotated, record);
    assert.ok(!JSON.stringify(rotated).includes(secretHash));
  });

  rule('rotate with keepOpen keeps generation and parked readers', async (start) => {
    const trial = await start();
    const { id, secretHash } = await trial.login();
    const { epoch, generation } = await trial.park(id);
    const newHash = hashSecret(newSecret());
    assert.equal((await trial.store.rotate(app, id, newHash, true)).generation, generation);
    await isUnknown(trial.store.authenticate(app, id, secretHash));
    await trial.store.append(app, id, outgoing('x'));
    await trial.notice('appended', id);
    assert.ok(!trial.notices.some(({ kind }) => kind === 'rotated'));
    assert.deepEqual(valuesOf(await trial.read(id, { after: { epoch, offset: 0 }, generation })), ['x']);
  });

  rule('of a concurrent rotation and parking read, the read is refused or the rotation is notified', async (start) => {
    const trial = await start();
    const { id, secretHash } = await trial.login();
    let hash = secretHash;
    for (let round = 1; round <= 20; round += 1) {
      trial.notices.length = 0;
      const reading = trial.read(id, { wait: 1_000 * unit, secretHash: hash });
      hash = hashSecret(newSecret());
      const [read] = await Promise.allSettled([reading, trial.store.rotate(app, id, hash, false)]);
      if (read.status === 'rejected') await isUnknown(reading);
      else assert.deepEqual(await trial.notice('rotated', id), { kind: 'rotated', app, id, generation: round });
    }
  });
}
