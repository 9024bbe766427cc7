import test from 'ava';
import type { RedisStore, RedisStoreOptions } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { RedisServer } from '../../../support/redis-server.js';
import { freshPrefix } from '../exact-clock.js';
import { app, newSession, outgoing } from '../workload.js';
import { insertOne, isAcknowledged, openStore, retained } from './replicated-stage.js';

const publishers = 8;

/** The pushes and logins that were acknowledged to callers. */
interface Acknowledged {
  readonly pushes: string[];
  readonly logins: string[];
}

/** Pushes to the session and logs accounts in, one after the other, until `isOver` returns true. */
async function publish(store: RedisStore, id: string, name: number, told: Acknowledged, isOver: () => boolean) {
  for (let number = 0; !isOver(); number += 1) {
    const value = `${name}/${number}`;
    if (await isAcknowledged(store.append(app, id, outgoing(value)))) told.pushes.push(value);
    const login = newSession(store, `account-${value}`);
    if (await isAcknowledged(store.insert(login))) told.logins.push(login.id);
    await new Promise(setImmediate);
  }
}

test('after a master whose replica lags is killed under pushes and logins, the promoted replica has all acknowledged ones, once', async (t) => {
  const settings = { 'repl-diskless-sync-delay': '0' };
  const [master, replica] = await Promise.all([RedisServer.start(settings), RedisServer.start(settings)]);
  const link = await RedisProxy.start(master.port);
  t.teardown(() => Promise.all([master.stop(), replica.stop(), link.close()]));
  await replica.client.replicaof('127.0.0.1', link.port);
  await eventually(async () => (await replica.client.info('replication')).includes('master_link_status:up'));
  const keyPrefix = freshPrefix();
  const options: RedisStoreOptions = { url: master.url, keyPrefix, replicas: { count: 1, timeout: 50 } };
  const store = await openStore(t, options);
  const id = await insertOne(store);
  const told: Acknowledged = { pushes: [], logins: [] };
  let isOver = false;
  t.teardown(() => {
    isOver = true;
  });
  const publishing = Array.from({ length: publishers }, (_each, name) => publish(store, id, name, told, () => isOver));
  await eventually(() => told.pushes.length > 100 && told.logins.length > 100, { what: 'traffic flows' });
  // From here on the replica receives no writes.
  link.holdReplies();
  const before = (await retained(store, id)).length;
  await eventually(async () => (await retained(store, id)).length > before + 2 * publishers, { what: 'more pushes' });
  await master.kill();
  isOver = true;
  await Promise.all(publishing);
  await replica.client.replicaof('NO', 'ONE');
  const promoted = await openStore(t, { url: replica.url, keyPrefix });
  const found = await retained(promoted, id);
  const there = new Set(found);
  t.is(there.size, found.length, 'none is there twice');
  t.deepEqual(
    told.pushes.filter((value) => !there.has(value)),
    [],
  );
  await t.notThrowsAsync(Promise.all(told.logins.map((each) => promoted.get(app, each))));
});
