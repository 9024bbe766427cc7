import assert from 'node:assert/strict';
import { hashSecret, isSessionId, newId, newSecret } from '../store/session-token.js';
import type { DeclareRule } from './rule.js';
import { allPages, app, isUnknown, outgoing, rejectsWith, renewal, scanned } from './trial.js';

/** Rules of creating, reading, authenticating and renewing sessions, and of apps. */
export function sessionRules(rule: DeclareRule, unit: number): void {
  rule('a new session has the given fields, and the others are initialised', async (start) => {
    const trial = await start();
    const attributes = { theme: '"dark"', cart: '[1,2,{"a":null}]' };
    const session = trial.newSession('Ålice 日本 👩‍🚀', {
      ip: '2001:db8::1',
      userAgent: 'Agent/1.0 "quoted" \u2028',
      ttl: 77 * unit,
      maxAge: 999 * unit,
      attributes,
    });
    const { record, evicted } = await trial.store.insert(session);
    assert.deepEqual(evicted, []);
    const { createdAt, lastTime, ...rest } = record;
    const { ip: lastIp, userAgent: lastUserAgent } = session;
    const amended = { lastIp, lastUserAgent, authenticatedAt: createdAt, level: 1 };
    const { secretHash: _secretHash, maxSession: _maxSession, ...given } = session;
    assert.deepEqual(
      { ...rest, attributes: { ...rest.attributes } },
      { ...given, ...amended, reads: 0, writes: 0, presence: 'online', undelivered: 0, generation: 0 },
    );
    assert.ok(Number.isSafeInteger(createdAt), 'times are whole milliseconds');
    assert.equal(lastTime, createdAt);
    assert.deepEqual(await trial.store.get(app, session.id), record);
  });

  rule('a new session is authenticated at its creation, at the level given', async (start) => {
    const trial = await start();
    for (const level of [0, 1, 2, 255]) {
      const { id, record, accountId } = await trial.login(`alice ${level}`, { level });
      assert.deepEqual([record.level, record.authenticatedAt], [level, record.createdAt]);
      assert.deepEqual(await trial.store.get(app, id), record);
      assert.deepEqual(await trial.store.listAccount(app, accountId), [record]);
    }
  });

  rule('reauthenticate sets time and level, keeps a level that is not given, and is no contact', async (start) => {
    const trial = await start({ hbGrace: 3 * unit });
    const { id, record } = await trial.login();
    await trial.pass(2);
    const { authenticatedAt, ...rest } = await trial.store.reauthenticate(app, id, 2);
    assert.ok(authenticatedAt >= record.authenticatedAt + 2 * unit);
    const { authenticatedAt: _before, ...given } = record;
    assert.deepEqual(rest, { ...given, level: 2 });
    await trial.pass(1);
    const again = await trial.store.reauthenticate(app, id, undefined);
    assert.ok(again.authenticatedAt >= authenticatedAt + unit);
    assert.deepEqual([again.level, again.createdAt, again.lastTime], [2, record.createdAt, record.lastTime]);
    assert.equal((await trial.store.reauthenticate(app, id, 0)).level, 0);
    assert.deepEqual(await trial.store.get(app, id), {
      ...again,
      level: 0,
      authenticatedAt: (await trial.store.get(app, id)).authenticatedAt,
    });
    assert.equal((await trial.store.get(app, id)).presence, 'away');
  });

  rule('recordClient sets the latest client, keeps the first, and is no contact', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    const { id, record } = await trial.login('alice', { ip: '192.0.2.1', userAgent: 'First' });
    await trial.pass(2);
    const seen = await trial.store.recordClient(app, id, '2001:db8::1', 'Second "日本" \u2028');
    const latest = { lastIp: '2001:db8::1', lastUserAgent: 'Second "日本" \u2028' };
    assert.deepEqual(seen, { ...record, ...latest, presence: 'away' });
    await trial.store.recordClient(app, id, '', '');
    const { lastIp, lastUserAgent, ip, userAgent } = await trial.store.get(app, id);
    assert.deepEqual([lastIp, lastUserAgent, ip, userAgent], ['', '', '192.0.2.1', 'First']);
  });

  rule('a record contains neither the secret nor its hash', async (start) => {
    const trial = await start();
    const session = trial.newSession('alice');
    const { record } = await trial.store.insert(session);
    const shown = JSON.stringify([record, await trial.store.authenticate(app, session.id, session.secretHash)]);
    assert.ok(!shown.includes(session.secretHash));
  });

  rule('idPrefix is constant for an account, and leaves enough of an id to chance', async (start) => {
    const { store } = await start();
    for (const accountId of ['alice', 'bob', '日本', 'x'.repeat(256)]) {
      const prefix = store.idPrefix(app, accountId);
      assert.match(prefix, /^[0-9A-Za-z]{0,12}$/, 'leaves at least 12 characters to chance');
      assert.equal(store.idPrefix(app, accountId), prefix);
      assert.ok(isSessionId(newId(prefix)));
    }
  });

  rule('a record is a copy taken at one moment', async (start) => {
    const trial = await start();
    const { store } = trial;
    const { id, record } = await trial.login('alice', { attributes: { a: '1' } });
    const before = structuredClone({ ...record, attributes: { ...record.attributes } });
    await store.patch(app, id, { a: '2', b: '3' });
    await store.append(app, id, outgoing('x'));
    await trial.pass(1);
    await store.touch(app, id, renewal);
    assert.deepEqual({ ...record, attributes: { ...record.attributes } }, before);
  });

  rule('get is neither activity nor contact, and counts no read', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    const { id, record } = await trial.login();
    await trial.pass(1);
    await trial.store.get(app, id);
    await trial.pass(1);
    assert.deepEqual(await trial.store.get(app, id), { ...record, presence: 'away' });
  });

  rule('authenticate counts a read and renews', async (start) => {
    const trial = await start();
    const { id, secretHash, record } = await trial.login();
    await trial.pass(2);
    const contact = await trial.store.authenticate(app, id, secretHash);
    assert.equal(contact.record.reads, 1);
    assert.ok(contact.record.lastTime >= record.lastTime + 2 * unit);
    await trial.store.authenticate(app, id, secretHash);
    assert.equal((await trial.store.get(app, id)).reads, 2);
    assert.equal((await trial.store.get(app, id)).createdAt, record.createdAt);
  });

  rule('a wrong secret fails like an unknown session, and changes nothing', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    const { id, record } = await trial.login();
    await trial.pass(2);
    await isUnknown(trial.store.authenticate(app, id, hashSecret(newSecret())));
    await isUnknown(trial.store.authenticate(app, newId(''), hashSecret(newSecret())));
    await isUnknown(trial.read(id, { secretHash: hashSecret(newSecret()) }));
    await isUnknown(trial.store.patchAsBearer(app, id, hashSecret(newSecret()), { a: '1' }));
    assert.equal(await trial.store.endAsBearer(app, id, hashSecret(newSecret()), 'logout'), undefined);
    assert.deepEqual(await trial.store.get(app, id), { ...record, presence: 'away' });
  });

  rule('a hash that shares a prefix or suffix with the right one is refused', async (start) => {
    const trial = await start();
    const { id, secretHash } = await trial.login();
    for (const wrong of ['', secretHash.slice(0, -1), `${secretHash}A`, secretHash.slice(1), swapCase(secretHash)]) {
      await isUnknown(trial.store.authenticate(app, id, wrong), wrong);
    }
    await trial.store.authenticate(app, id, secretHash);
  });

  rule('a contact returns the time of the previous activity', async (start) => {
    const trial = await start();
    const { id, secretHash, record } = await trial.login();
    await trial.pass(2);
    const first = await trial.store.authenticate(app, id, secretHash);
    assert.equal(first.previousTime, record.lastTime);
    await trial.pass(1);
    const second = await trial.store.touch(app, id, renewal);
    assert.equal(second.previousTime, first.record.lastTime);
    await trial.pass(1);
    const third = await trial.store.patchAsBearer(app, id, secretHash, { a: '1' });
    assert.equal(third.previousTime, second.record.lastTime);
  });

  rule('while a reader is parked, a contact returns its own time as the previous activity', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.park(id);
    await trial.pass(2);
    const { record, previousTime } = await trial.store.touch(app, id, renewal);
    assert.equal(previousTime, record.lastTime);
  });

  rule('touch renews and counts no read', async (start) => {
    const trial = await start();
    const { id, record } = await trial.login();
    await trial.pass(2);
    const touched = (await trial.store.touch(app, id, renewal)).record;
    assert.ok(touched.lastTime >= record.lastTime + 2 * unit);
    assert.deepEqual({ ...touched, lastTime: 0 }, { ...record, lastTime: 0 });
  });

  rule('every operation on an unknown session rejects, or has no effect', async (start) => {
    const trial = await start();
    const { store } = trial;
    const { id: known } = await trial.login();
    const id = newId(store.idPrefix(app, 'alice'));
    const secretHash = hashSecret(newSecret());
    await isUnknown(store.authenticate(app, id, secretHash), 'authenticate');
    await isUnknown(store.get(app, id), 'get');
    await isUnknown(store.touch(app, id, renewal), 'touch');
    await isUnknown(store.patch(app, id, { a: '1' }), 'patch');
    await isUnknown(store.rotate(app, id, secretHash, false), 'rotate');
    await isUnknown(store.replace(app, known, id), 'replace of it');
    await isUnknown(store.replace(app, id, known), 'replace by it');
    await isUnknown(store.append(app, id, outgoing('x')), 'append');
    await isUnknown(trial.read(id), 'read');
    await isUnknown(trial.read(id, { secretHash }), 'read by its bearer');
    assert.equal(await store.end(app, id, 'revoked'), undefined);
    assert.deepEqual(await store.appendToEach(app, [id], outgoing('x')), []);
    await store.acknowledge(app, id, 'default', { epoch: 'abc', offset: 1, proof: 1 });
    await store.release(app, id, 'default');
    await isUnknown(store.get(app, id), 'get after all of that');
  });

  rule('an account or an app without sessions is listed as empty', async (start) => {
    const { store } = await start();
    assert.deepEqual(await store.listAccount(app, 'unknown'), []);
    assert.deepEqual(await store.endAccount(app, 'unknown', 'revoked', undefined), []);
    assert.deepEqual(await store.appendToAccount(app, 'unknown', outgoing('x')), []);
    assert.deepEqual(await allPages(store, 10), []);
    assert.deepEqual(await scanned(store, 10), []);
    assert.equal(await store.countActiveAccounts(app, 10 * unit), 0);
    for await (const chunk of store.endApp(app, 'revoked')) assert.deepEqual(chunk, []);
  });

  rule('apps are separate namespaces', async (start) => {
    const trial = await start({ maxSession: 1 });
    const { store } = trial;
    const here = await trial.login('alice');
    const there = await trial.login('alice', { app: 'other' });
    await rejectsWith('SESSION_LIMIT', trial.login('alice', { app: 'other' }));
    await isUnknown(store.get(app, there.id));
    await isUnknown(store.authenticate(app, there.id, there.secretHash));
    await isUnknown(store.append('other', here.id, outgoing('x')));
    assert.equal(await store.end('other', here.id, 'revoked'), undefined);
    assert.equal((await store.appendToAccount(app, 'alice', outgoing('x'))).length, 1);
    assert.equal((await store.get('other', there.id)).undelivered, 0);
    assert.deepEqual(await allPages(store, 10), [here.id]);
    assert.deepEqual(await scanned(store, 10), [here.id]);
    assert.equal((await store.endAccount('other', 'alice', 'revoked', undefined)).length, 1);
    assert.equal((await store.get(app, here.id)).id, here.id);
    for await (const _chunk of store.endApp('other', 'revoked'));
    assert.equal(await store.countActiveAccounts(app, 1_000 * unit), 1);
    assert.equal(await store.countActiveAccounts('other', 1_000 * unit), 0);
  });
}

function swapCase(text: string): string {
  return [...text].map((each) => (each === each.toLowerCase() ? each.toUpperCase() : each.toLowerCase())).join('');
}
