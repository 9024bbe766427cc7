import assert from 'node:assert/strict';
import { type CloseReason, closeReasons } from '../index.js';
import { hashSecret, newSecret } from '../store/session-token.js';
import { passesOver, refused } from './operations.js';
import type { DeclareRule } from './rule.js';
import { app, isClosed, isUnknown } from './trial.js';

const reasons = Object.keys(closeReasons) as CloseReason[];

export function tombstoneRules(rule: DeclareRule, unit: number): void {
  for (const [name, operate] of Object.entries(refused)) {
    rule(`${name} rejects for a closed session, with the reason, and does not revive it`, async (start) => {
      const trial = await start();
      const [closed, live] = [await trial.login(), await trial.login('bob')];
      await trial.store.end(app, closed.id, 'revoked');
      await isClosed('revoked', operate(trial, closed, live), name);
      await isClosed('revoked', trial.store.get(app, closed.id), `get after ${name}`);
      assert.deepEqual(await trial.store.listAccount(app, 'alice'), []);
      assert.equal((await trial.store.get(app, live.id)).id, live.id);
    });
  }

  for (const [name, operate] of Object.entries(passesOver)) {
    rule(`${name} skips a closed session, and does not revive it`, async (start) => {
      const trial = await start({ hbGrace: 2 * unit });
      const closed = await trial.login();
      await trial.login('bob');
      await trial.store.end(app, closed.id, 'revoked');
      if (name === 'judgePresence') await trial.pass(2);
      await operate(trial, closed);
      await isClosed('revoked', trial.store.get(app, closed.id), `get after ${name}`);
      assert.ok(
        (await trial.sweep()).every(({ id }) => id !== closed.id),
        'what was closed does not expire as well',
      );
    });
  }

  rule('every close reason is remembered for the holder of the secret', async (start) => {
    const trial = await start();
    for (const reason of reasons) {
      const { id, secretHash } = await trial.login();
      await trial.store.end(app, id, reason);
      await isClosed(reason, trial.store.authenticate(app, id, secretHash));
      await isClosed(reason, trial.read(id, { secretHash }));
    }
  });

  rule('a wrong secret does not reveal that a session is closed or expired', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const closed = await trial.login();
    const expired = await trial.login();
    await trial.store.end(app, closed.id, 'revoked');
    await trial.pass(2);
    for (const { id } of [closed, expired]) {
      await isUnknown(trial.store.authenticate(app, id, hashSecret(newSecret())));
      await isUnknown(trial.read(id, { secretHash: hashSecret(newSecret()) }));
      await isUnknown(trial.store.patchAsBearer(app, id, hashSecret(newSecret()), { a: '1' }));
    }
    await trial.sweep();
    await isUnknown(trial.store.authenticate(app, expired.id, hashSecret(newSecret())));
    await isClosed('expired', trial.store.authenticate(app, expired.id, expired.secretHash));
  });

  rule('after rotate only the new secret reveals the close reason', async (start) => {
    const trial = await start();
    const { id, secretHash } = await trial.login();
    const newHash = hashSecret(newSecret());
    await trial.store.rotate(app, id, newHash, false);
    await trial.store.end(app, id, 'revoked');
    await isUnknown(trial.store.authenticate(app, id, secretHash));
    await isClosed('revoked', trial.store.authenticate(app, id, newHash));
  });

  for (const sweeps of [false, true]) {
    const how = sweeps ? 'swept' : 'not swept';
    rule(`a closed session is forgotten after tombstoneTime, ${how}`, async (start) => {
      const trial = await start({ tombstoneTime: 3 * unit });
      const { id, secretHash } = await trial.login();
      await trial.store.end(app, id, 'revoked');
      await trial.pass(2);
      if (sweeps) await trial.sweep();
      await isClosed('revoked', trial.store.authenticate(app, id, secretHash));
      await isClosed('revoked', trial.store.get(app, id));
      await trial.pass(1);
      if (sweeps) await trial.sweep();
      await isUnknown(trial.store.authenticate(app, id, secretHash));
      await isUnknown(trial.store.get(app, id));
    });
  }

  rule(
    'the reason of an expired session is remembered for tombstoneTime after its deadline, and forgotten after its sweep',
    async (start) => {
      const trial = await start({ gcTime: 2 * unit, tombstoneTime: 3 * unit });
      const { id, secretHash } = await trial.login();
      await trial.pass(2);
      await trial.sweep();
      await trial.pass(2);
      await isClosed('expired', trial.store.authenticate(app, id, secretHash));
      await trial.pass(1);
      await isUnknown(trial.store.authenticate(app, id, secretHash));
    },
  );

  rule('with a tombstoneTime of 0 a closed session is unknown at once', async (start) => {
    const trial = await start({ tombstoneTime: 0, maxSession: 1, onMaxSession: 'evict-oldest' });
    const { id, secretHash } = await trial.login();
    const replacing = await trial.login();
    await isUnknown(trial.store.authenticate(app, id, secretHash));
    await trial.store.end(app, replacing.id, 'logout');
    await isUnknown(trial.store.get(app, replacing.id));
  });
}
