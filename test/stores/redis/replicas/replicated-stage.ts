import type { ExecutionContext } from 'ava';
import { type ReadRequest, SessionContext, SessionError } from '../../../../src/index.js';
import { noListener } from '../../../../src/store/no-listener.js';
import type { StoreListener } from '../../../../src/store/store-listener.js';
import { RedisStore, type RedisStoreOptions } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import type { RedisServer } from '../../../support/redis-server.js';
import { freshPrefix } from '../exact-clock.js';
import { app, newSession } from '../workload.js';

const roomy = new SessionContext({ msgMaxLength: 100_000, mailboxMaxBytes: 100_000_000 });

export async function openStore(
  t: ExecutionContext,
  options: RedisStoreOptions,
  listener: StoreListener = noListener,
): Promise<RedisStore> {
  const store = new RedisStore(roomy, { keyPrefix: freshPrefix(), buckets: 4, ...options });
  await store.open(listener);
  t.teardown(() => store.close());
  return store;
}

/** Returns the id of a session that the replicas have. On a busy machine it takes several attempts. */
export async function insertOne(store: RedisStore, accountId = 'alice'): Promise<string> {
  let id = '';
  const isInserted = () => {
    const session = newSession(store, accountId);
    id = session.id;
    return isAcknowledged(store.insert(session));
  };
  await eventually(isInserted, { what: 'the replicas have a session' });
  return id;
}

let tickets = 0;

export function request(changes: Partial<ReadRequest> = {}): ReadRequest {
  tickets += 1;
  const bearer = { secretHash: undefined, generation: undefined };
  return { reader: 'r', after: '', limit: 100_000, wait: 0, ...bearer, ticket: tickets, ...changes };
}

/** Returns the values of the messages that the session has. */
export async function retained(store: RedisStore, id: string): Promise<readonly unknown[]> {
  return (await store.read(app, id, request())).messages.map(({ json }) => JSON.parse(json));
}

/** Returns the error of the call. Fails unless the error is `STORE_UNAVAILABLE`. */
export async function refusalOf(call: Promise<unknown>): Promise<SessionError<'STORE_UNAVAILABLE'>> {
  try {
    await call;
  } catch (error) {
    if (SessionError.is(error, 'STORE_UNAVAILABLE')) return error;
    throw error;
  }
  throw new Error('the call was acknowledged');
}

export function isAcknowledged(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    (error) => {
      if (SessionError.is(error, 'STORE_UNAVAILABLE')) return false;
      throw error;
    },
  );
}

/** Returns how often the server received this command. */
export async function callsOf({ client }: RedisServer, command: string): Promise<number> {
  const stats = await client.info('commandstats');
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
}

/** Returns how often the server answered with this error. */
export async function errorsOf({ client }: RedisServer, code: string): Promise<number> {
  const stats = await client.info('errorstats');
  return Number(new RegExp(`^errorstat_${code}:count=(\\d+)`, 'm').exec(stats)?.[1] ?? 0);
}

/** Resolves when a connection of the server waits for replicas. */
export function isBlocked({ client }: RedisServer): Promise<void> {
  return eventually(async () => /^blocked_clients:[1-9]/m.test(await client.info('clients')), {
    what: 'a call waits for replicas',
  });
}

/** Stops the process like a machine that hangs, until the returned function is called. */
export async function pause({ client }: RedisServer): Promise<() => void> {
  const pid = Number(/^process_id:(\d+)/m.exec(await client.info('server'))?.[1]);
  process.kill(pid, 'SIGSTOP');
  return () => process.kill(pid, 'SIGCONT');
}
