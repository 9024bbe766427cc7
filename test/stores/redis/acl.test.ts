import { readFileSync } from 'node:fs';
import test from 'ava';
import { SessionContext } from '../../../src/index.js';
import { noListener } from '../../../src/store/session-store.js';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.js';
import { RedisCluster } from '../../support/redis-cluster.js';
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

test('the documented ACL allows all that the store does on a single server, and no other key', async (t) => {
  const { client, port } = server();
  await client.call('ACL', 'SETUSER', ...documentedRule());
  const redis = { host: '127.0.0.1', port, ...credentials };
  await t.notThrowsAsync(work({ redis }));
  await t.throwsAsync(work({ redis, keyPrefix: 'another:' }), {
    code: 'STORE_UNAVAILABLE',
    message: /NOPERM|permission/,
  });
});

test('with the documented addition it allows all that the store does on a Cluster', async (t) => {
  const cluster = await RedisCluster.start();
  t.teardown(() => cluster.stop());
  const [, addition = ''] = /on a Cluster `([^`]+)` as well/.exec(docs) ?? [];
  for (const { client } of cluster.masters) {
    await client.call('ACL', 'SETUSER', ...documentedRule(), ...addition.split(' '));
  }
  await t.notThrowsAsync(work({ cluster: { nodes: cluster.nodes, options: { redisOptions: credentials } } }));
});
