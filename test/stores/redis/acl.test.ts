import { readFileSync } from 'node:fs';
import test from 'ava';
import { SessionContext } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.js';
import { RedisCluster } from '../../support/redis-cluster.js';
import { ReplicaPair } from './faults/replica-pair.js';
import { serverFor } from './places.js';
import { runWorkload } from './workload.js';

const server = serverFor(test);
const docs = readFileSync(new URL('../../../../docs/redis.md', import.meta.url), 'utf8');

/** The arguments of the documented `ACL SETUSER`. */
function documentedRule(): readonly string[] {
  const [, rule = ''] = /^ +ACL SETUSER ((?:.*\\\n)*.*)$/m.exec(docs) ?? [];
  return rule.split(/[\s\\]+/).filter((part) => part !== '');
}

const [username = ''] = documentedRule();
const credentials = { username, password: 'password' };

async function work(options: RedisStoreOptions): Promise<void> {
  const store = new RedisStore(new SessionContext({ maxSession: 0 }), options);
  await store.open(noListener);
  try {
    const stop = await store.watchChanges({ changed() {}, interrupted() {}, resumed() {} });
    await runWorkload(store);
    await stop();
  } finally {
    await store.close();
  }
}

test('the documented ACL allows all commands of the store on a single server, but only for its own keys', async (t) => {
  const { client, port } = server();
  await client.call('ACL', 'SETUSER', ...documentedRule());
  const redis = { host: '127.0.0.1', port, ...credentials };
  await t.notThrowsAsync(work({ redis }));
  await t.throwsAsync(work({ redis, keyPrefix: 'another:' }), {
    code: 'STORE_UNAVAILABLE',
    message: /NOPERM|permission/,
  });
});

test('without the documented addition another database than 0 is refused, and with it used', async (t) => {
  const { client, port } = server();
  // A user of its own: the other tests expect the rule without additions.
  await client.call('ACL', 'SETUSER', 'elsewhere', ...documentedRule().slice(1));
  const options = { redis: { host: '127.0.0.1', port, db: 1, ...credentials, username: 'elsewhere' } };
  await t.throwsAsync(work(options), { code: 'STORE_UNAVAILABLE', message: /NOPERM|permission/ });
  const [, addition = ''] = /`([^`]+)` only with another database than 0/.exec(docs) ?? [];
  await client.call('ACL', 'SETUSER', 'elsewhere', addition);
  await t.notThrowsAsync(work(options));
});

test('the documented ACL allows WAIT; without it, a store that waits for replicas is refused at its start', async (t) => {
  const pair = await ReplicaPair.start(t);
  const { client, port } = pair.master;
  await client.call('ACL', 'SETUSER', ...documentedRule());
  const options = { redis: { host: '127.0.0.1', port, ...credentials }, replicas: { count: 1, timeout: 60_000 } };
  await t.notThrowsAsync(work(options));
  await client.call('ACL', 'SETUSER', username, '-wait');
  await t.throwsAsync(work(options), { code: 'STORE_UNAVAILABLE', message: /NOPERM|permission/ });
});

test('with the documented addition the ACL allows all commands of the store on a Cluster', async (t) => {
  const cluster = await RedisCluster.start();
  t.teardown(() => cluster.stop());
  const [, addition = ''] = /on a Cluster `([^`]+)` as well/.exec(docs) ?? [];
  for (const { client } of cluster.masters) {
    await client.call('ACL', 'SETUSER', ...documentedRule(), ...addition.split(' '));
  }
  await t.notThrowsAsync(work({ cluster: { nodes: cluster.nodes, options: { redisOptions: credentials } } }));
});

test('the documented ACL allows no command that harms other clients or data', async (t) => {
  const { client } = server();
  await client.call('ACL', 'SETUSER', ...documentedRule());
  const harmful = [
    'FLUSHALL',
    'FLUSHDB',
    'CLIENT KILL TYPE normal',
    'CLIENT PAUSE 1000',
    'CLIENT LIST',
    'SCRIPT FLUSH',
    'FUNCTION FLUSH',
    'CONFIG GET *',
    'KEYS *',
    'SCAN 0',
    'SWAPDB 0 1',
    'SELECT 1',
    'DEBUG SLEEP 1',
    'SHUTDOWN',
    'GET another:key',
    'PUBLISH another:channel text',
  ];
  for (const command of harmful) {
    const verdict = await client.call('ACL', 'DRYRUN', username, ...command.split(' ')).catch(String);
    t.regex(String(verdict), /no permissions|can't/, command);
  }
  t.is(await client.call('ACL', 'DRYRUN', username, 'GET', 'session-mailbox:x'), 'OK');
});
