import { renewal } from '../../../src/conformance/trial.js';
import type { NewSession, ReadRequest, SessionStore } from '../../../src/index.js';
import { hashSecret, newId, newSecret, secretOf } from '../../../src/store/session-token.js';
import type { RedisStore } from '../../../src/stores/redis/index.js';

export const app = 'default';
export const alias = 'x'.repeat(64);

/** The sessions that a workload created, live and closed. */
export interface Traces {
  readonly ids: readonly string[];
}

export function newSession(store: SessionStore, accountId: string, changes: Partial<NewSession> = {}): NewSession {
  const id = newId(store.idPrefix(app, accountId));
  const rest = { ip: '::1', userAgent: 'Agent', ttl: 600_000, maxAge: 0, maxSession: 0, attributes: { a: '1' } };
  return { app, id, accountId, secretHash: hashSecret(newSecret()), ...rest, ...changes };
}

export function outgoing(value: unknown, key?: string) {
  const json = JSON.stringify(value);
  return { json, bytes: Buffer.byteLength(json), key };
}

/** Calls every operation of the store at least once, so that it uses every kind of key except those of a race. */
export async function runWorkload(store: RedisStore): Promise<Traces> {
  const sessions = Array.from({ length: 6 }, (_each, index) => newSession(store, index < 4 ? 'alice' : 'bob'));
  const [first, second, third, fourth, fifth, sixth] = sessions;
  if (!first || !second || !third || !fourth || !fifth || !sixth) throw new Error('there are six sessions');
  for (const session of sessions) await store.insert(session);
  await store.insertOnce(first);
  await store.authenticate(app, first.id, first.secretHash);
  await store.get(app, first.id);
  await store.touch(app, first.id, renewal);
  await store.patch(app, first.id, { b: '2', a: null });
  await store.patchAsBearer(app, first.id, first.secretHash, { c: '3' });
  await store.rotate(app, second.id, hashSecret(newSecret()), false);
  const request: ReadRequest = {
    reader: 'r',
    after: '',
    limit: 9,
    wait: 0,
    secretHash: undefined,
    generation: undefined,
    ticket: 1,
  };
  await store.read(app, first.id, { ...request, wait: 60_000 });
  await store.append(app, first.id, outgoing('hi'));
  await store.append(app, first.id, outgoing('hi', 'k'));
  await store.appendToAccount(app, 'bob', outgoing('hi', 'k'));
  await store.appendToEach(app, [fifth.id, sixth.id], outgoing('hi'));
  const place = await store.read(app, fifth.id, request);
  await store.acknowledge(app, fifth.id, 'r', place);
  await store.release(app, first.id, 'r');
  await store.replace(app, second.id, third.id);
  await store.end(app, fourth.id, 'logout');
  await store.endAsBearer(app, sixth.id, sixth.secretHash, 'logout');
  await store.listAccount(app, 'alice');
  await store.listApp(app, { activeWithin: undefined, limit: 10, cursor: undefined });
  for await (const _ids of store.scanApp(app, 10));
  await store.countActiveAccounts(app, 60_000);
  await store.sweep(10);
  await store.judgePresence(10);
  await store.ping();
  const rest = { ip: '', userAgent: '', ttl: 600_000, maxAge: 0, maxSession: 0, reads: 0, writes: 0, attributes: {} };
  const times = { createdAt: Date.now(), lastTime: Date.now() };
  await store.adopt(alias, { app, accountId: 'carol', ...rest, ...times });
  const adopted = await store.resolveAlias(app, alias);
  if (adopted === undefined) throw new Error('the alias was not found');
  await store.authenticate(app, adopted.id, hashSecret(secretOf(alias)));
  await store.endAccount(app, 'unknown', 'revoked', undefined);
  for await (const _closed of store.endApp('another-app', 'revoked'));
  return { ids: [...sessions.map(({ id }) => id), adopted.id] };
}
