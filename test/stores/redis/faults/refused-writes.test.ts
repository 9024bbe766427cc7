import test from 'ava';
import { Container } from 'inversify';
import { SessionManager, sessionModule } from '../../../../src/index.js';
import { redisStore } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import { freshPrefix } from '../exact-clock.js';
import { serverFor } from '../places.js';

const server = serverFor(test);

for (const [setting, refusing, accepting] of [
  ['maxmemory', '1', '0'],
  ['min-replicas-to-write', '1', '0'],
] as const) {
  test.serial(`watchers are not told of changes that the server refused for ${setting}`, async (t) => {
    const container = new Container();
    container.load(sessionModule({}, redisStore({ url: server().url, keyPrefix: freshPrefix(), buckets: 4 })));
    t.teardown(() => container.unbindAllAsync());
    const manager = await container.getAsync(SessionManager);
    const { id } = await manager.createSession('alice', { attributes: { a: 1 } });
    const told: string[] = [];
    await manager.watchChanges({
      changed: (_app, changed, { kind }) => told.push(`${kind} ${changed}`),
      interrupted: () => {},
      resumed: () => {},
    });
    await server().client.config('SET', setting, refusing);
    const changes = [
      () => manager.rotateToken(id),
      () => manager.createSession('alice'),
      ...(setting === 'maxmemory' ? [] : [() => manager.closeSession(id), () => manager.closeAccount('alice')]),
    ];
    for (const change of changes) await t.throwsAsync(change, { code: 'STORE_UNAVAILABLE' });
    await server().client.config('SET', setting, accepting);
    const last = `created ${(await manager.createSession('alice')).id}`;
    await eventually(() => told.includes(last));
    t.deepEqual(told, [last]);
    t.is((await manager.getSession(id)).getAttr('a'), 1);
  });
}
