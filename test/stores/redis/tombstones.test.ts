import test, { type ExecutionContext } from 'ava';
import { renewal } from '../../../src/conformance/trial.js';
import { type ReadRequest, SessionContext, SessionError } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { hashSecret } from '../../../src/store/session-token.js';
import { RedisStore } from '../../../src/stores/redis/index.js';
import { freshPrefix } from './exact-clock.js';
import { dumpOf } from './key-dump.js';
import { serverFor } from './places.js';
import { alias, app, newSession, outgoing } from './workload.js';

const server = serverFor(test);
const request: ReadRequest = {
  reader: 'r',
  after: '',
  limit: 9,
  wait: 9_000,
  secretHash: undefined,
  generation: undefined,
  ticket: 1,
};

async function openStore(t: ExecutionContext, keyPrefix = freshPrefix()): Promise<RedisStore> {
  const context = new SessionContext({ tombstoneTime: 600_000 });
  const store = new RedisStore(context, { url: server().url, keyPrefix, buckets: 4 });
  await store.open(noListener);
  t.teardown(() => store.close());
  return store;
}

test('no operation revives a closed session or changes its tombstone', async (t) => {
  const keyPrefix = freshPrefix();
  const store = await openStore(t, keyPrefix);
  const session = newSession(store, 'alice');
  const { id, secretHash } = session;
  await store.insert(session);
  await store.append(app, id, outgoing('hi', 'k'));
  await store.end(app, id, 'revoked');
  const after = await dumpOf(server().client, keyPrefix);
  const refused: Readonly<Record<string, () => Promise<unknown>>> = {
    insertOnce: () => store.insertOnce(session),
    authenticate: () => store.authenticate(app, id, secretHash),
    get: () => store.get(app, id),
    touch: () => store.touch(app, id, { ...renewal, ttl: 900_000 }),
    patch: () => store.patch(app, id, { b: '2' }),
    patchAsBearer: () => store.patchAsBearer(app, id, secretHash, { b: '2' }),
    rotateAndEndOthers: () => store.rotateAndEndOthers(app, 'alice', id, hashSecret('another')),
    recordClient: () => store.recordClient(app, id, '::1', 'Agent'),
    reauthenticate: () => store.reauthenticate(app, id, 2),
    rotate: () => store.rotate(app, id, hashSecret('another'), false),
    append: () => store.append(app, id, outgoing('hi')),
    read: () => store.read(app, id, request),
    'read by the bearer': () => store.read(app, id, { ...request, secretHash }),
  };
  for (const [name, operate] of Object.entries(refused)) {
    const error = await t.throwsAsync(operate, undefined, name);
    t.true(SessionError.is(error, 'SESSION_CLOSED') && error.details.reason === 'revoked', name);
  }
  t.is(await store.end(app, id, 'logout'), undefined);
  t.is(await store.endAsBearer(app, id, secretHash, 'logout'), undefined);
  t.deepEqual(await store.endAccount(app, 'alice', 'logout', undefined), []);
  t.deepEqual(await store.appendToEach(app, [id], outgoing('hi')), []);
  t.deepEqual(await store.appendToAccount(app, 'alice', outgoing('hi')), []);
  await store.acknowledge(app, id, 'r', { epoch: 'epoch', offset: 1, proof: 1 });
  await store.release(app, id, 'r');
  await store.sweep(10);
  await store.judgePresence(10);
  t.deepEqual(await store.listAccount(app, 'alice'), []);
  t.deepEqual(await dumpOf(server().client, keyPrefix), after);
});

test('a closed session can neither replace another nor be replaced, and a closed adopted session is not adopted again', async (t) => {
  const store = await openStore(t);
  const [closed, live] = [newSession(store, 'alice'), newSession(store, 'alice')];
  for (const session of [closed, live]) await store.insert(session);
  await store.end(app, closed.id, 'revoked');
  await t.throwsAsync(store.replace(app, closed.id, live.id), { code: 'SESSION_CLOSED' });
  await t.throwsAsync(store.replace(app, live.id, closed.id), { code: 'SESSION_CLOSED' });
  t.is((await store.get(app, live.id)).id, live.id);
  const rest = { ip: '', userAgent: '', ttl: 600_000, maxAge: 0, reads: 0, writes: 0, attributes: {} };
  const old = { app, accountId: 'bob', ...rest, createdAt: Date.now(), lastTime: Date.now() };
  await store.adopt(alias, old);
  const adopted = await store.resolveAlias(app, alias);
  await store.end(app, adopted?.id ?? '', 'revoked');
  t.false(await store.adopt(alias, old));
  await t.throwsAsync(store.get(app, adopted?.id ?? ''), { code: 'SESSION_CLOSED' });
});

test('a closed session counts against no limit, and no scan returns it', async (t) => {
  const store = await openStore(t);
  for (let round = 0; round < 8; round += 1) {
    const session = newSession(store, 'alice');
    await store.insert(session);
    await store.end(app, session.id, 'logout');
  }
  t.is((await store.listApp(app, { activeWithin: undefined, limit: 9, cursor: undefined })).records.length, 0);
  for await (const ids of store.scanApp(app, 10)) t.deepEqual(ids, []);
});
