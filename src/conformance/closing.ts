import assert from 'node:assert/strict';
import { hashSecret, newSecret } from '../store/session-token.js';
import type { DeclareRule } from './rule.js';
import { app, isClosed, outgoing, type TrialSession } from './trial.js';

export function closingRules(rule: DeclareRule, unit: number): void {
  rule('end closes the session and counts its undelivered messages', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const closed = await trial.store.end(app, id, 'logout');
    assert.deepEqual(closed, { app, id, accountId: 'alice', reason: 'logout', undelivered: 3 });
  });

  rule('messages that all readers have had, or past messageTtl, are not counted as undelivered', async (start) => {
    const trial = await start({ messageTtl: 2 * unit });
    const [had, aged] = [await trial.login(), await trial.login()];
    await trial.push(had.id, 'a', 'b', 'c');
    await trial.push(aged.id, 'a');
    const { epoch } = await trial.read(had.id);
    await trial.read(had.id, { after: { epoch, offset: 2 } });
    assert.equal((await trial.store.end(app, had.id, 'logout'))?.undelivered, 1);
    await trial.pass(1);
    await trial.push(aged.id, 'b');
    await trial.pass(1);
    assert.equal((await trial.store.end(app, aged.id, 'logout'))?.undelivered, 1);
  });

  rule('of many concurrent calls of end, exactly one closes the session', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    const ended = await Promise.all(Array.from({ length: 20 }, () => trial.store.end(app, id, 'revoked')));
    assert.equal(ended.filter((closed) => closed !== undefined).length, 1);
    assert.equal(await trial.store.end(app, id, 'logout'), undefined);
    await isClosed('revoked', trial.store.get(app, id));
  });

  rule('endAsBearer with the right secret closes the session like end', async (start) => {
    const trial = await start();
    const { id, secretHash } = await trial.login();
    await trial.push(id, 'a', 'b');
    const closed = await trial.store.endAsBearer(app, id, secretHash, 'logout');
    assert.deepEqual(closed, { app, id, accountId: 'alice', reason: 'logout', undelivered: 2 });
    await isClosed('logout', trial.store.authenticate(app, id, secretHash));
    assert.equal(await trial.store.endAsBearer(app, id, secretHash, 'revoked'), undefined);
    await isClosed('logout', trial.store.get(app, id));
  });

  rule('endAsBearer with a rotated secret or that of another session closes nothing', async (start) => {
    const trial = await start();
    const [first, second] = [await trial.login(), await trial.login()];
    await trial.store.rotate(app, first.id, hashSecret(newSecret()), false);
    for (const { secretHash } of [first, second]) {
      assert.equal(await trial.store.endAsBearer(app, first.id, secretHash, 'logout'), undefined);
    }
    assert.equal((await trial.store.get(app, first.id)).id, first.id);
  });

  rule('of many concurrent calls of endAsBearer, exactly one closes the session', async (start) => {
    const trial = await start();
    const { id, secretHash } = await trial.login();
    const ending = Array.from({ length: 20 }, () => trial.store.endAsBearer(app, id, secretHash, 'logout'));
    assert.equal((await Promise.all(ending)).filter((closed) => closed !== undefined).length, 1);
  });

  rule('of a concurrent end and append, one happens completely before the other', async (start) => {
    const trial = await start();
    for (let round = 0; round < 10; round += 1) {
      const { id } = await trial.login();
      const [append, closed] = await Promise.all([
        trial.store.append(app, id, outgoing('x')).catch(() => undefined),
        trial.store.end(app, id, 'revoked'),
      ]);
      assert.equal(closed?.undelivered, append === undefined ? 0 : 1);
    }
  });

  rule('endAccount closes the live sessions of the account, and no others', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const expired = await trial.login();
    const logins = await loginAll(trial.login.bind(trial), 5, 'alice', 100 * unit);
    const other = await trial.login('bob', { ttl: 100 * unit });
    await trial.push(logins[2]?.id ?? '', 'x');
    await trial.pass(2);
    const closed = await trial.store.endAccount(app, 'alice', 'revoked', undefined);
    assert.deepEqual(byId(closed), byId(logins.map(({ id }, index) => entry(id, 'revoked', index === 2 ? 1 : 0))));
    for (const { id } of logins) await isClosed('revoked', trial.store.get(app, id));
    await isClosed('expired', trial.store.get(app, expired.id));
    assert.equal((await trial.store.get(app, other.id)).id, other.id);
    assert.deepEqual(await trial.store.endAccount(app, 'alice', 'revoked', undefined), []);
  });

  rule('endAccount keeps the excepted session, and ignores an exception of another account', async (start) => {
    const trial = await start();
    const [kept, gone, other] = [await trial.login(), await trial.login(), await trial.login('bob')];
    assert.deepEqual(await trial.store.endAccount(app, 'alice', 'revoked', kept.id), [entry(gone.id, 'revoked', 0)]);
    assert.equal((await trial.store.get(app, kept.id)).id, kept.id);
    assert.deepEqual(await trial.store.endAccount(app, 'alice', 'revoked', other.id), [entry(kept.id, 'revoked', 0)]);
    assert.equal((await trial.store.get(app, other.id)).id, other.id);
  });

  rule('of many concurrent calls of endAccount, one reports each session', async (start) => {
    const trial = await start();
    const logins = await loginAll(trial.login.bind(trial), 10, 'alice');
    const rounds = await Promise.all(
      Array.from({ length: 5 }, () => trial.store.endAccount(app, 'alice', 'revoked', undefined)),
    );
    assert.deepEqual(
      rounds
        .flat()
        .map(({ id }) => id)
        .sort(),
      logins.map(({ id }) => id).sort(),
    );
  });

  rule('endApp closes every live session of the app, and reports each once', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const expired = await trial.login();
    const logins: TrialSession[] = [];
    for (let account = 0; account < 60; account += 1) {
      logins.push(...(await loginAll(trial.login.bind(trial), 5, `account-${account}`, 100 * unit)));
    }
    await trial.pass(2);
    const reported: string[] = [];
    for await (const chunk of trial.store.endApp(app, 'shutdown')) reported.push(...chunk.map(({ id }) => id));
    assert.deepEqual(reported.sort(), logins.map(({ id }) => id).sort());
    for (const { id } of logins) await isClosed('shutdown', trial.store.get(app, id));
    await isClosed('expired', trial.store.get(app, expired.id));
  });
}

function loginAll(
  login: (accountId: string, options?: { ttl: number }) => Promise<TrialSession>,
  count: number,
  accountId: string,
  ttl?: number,
): Promise<TrialSession[]> {
  return Promise.all(Array.from({ length: count }, () => login(accountId, ttl === undefined ? undefined : { ttl })));
}

function entry(id: string, reason: string, undelivered: number) {
  return { app, id, accountId: 'alice', reason, undelivered };
}

function byId<Item extends { readonly id: string }>(items: readonly Item[]): Item[] {
  return [...items].sort((one, other) => (one.id < other.id ? -1 : 1));
}
