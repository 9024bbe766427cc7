import test, { type ExecutionContext } from 'ava';
import type { RedisStore } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import type { RedisServer } from '../../../support/redis-server.js';
import { freshPrefix } from '../exact-clock.js';
import { giveSlot, moveKeys } from '../faults/slot-migration.js';
import { clusterFor } from '../places.js';
import { app, outgoing } from '../workload.js';
import {
  callsOf,
  errorsOf,
  insertOne,
  isAcknowledged,
  openStore,
  pause,
  refusalOf,
  retained,
} from './replicated-stage.js';

const cluster = clusterFor(test, { replicas: true });
const accounts = 24;
const patient = { count: 1, timeout: 60_000 };

/** Returns a master and its replica. */
function shard(index: number): { readonly master: RedisServer; readonly replica: RedisServer } {
  const [master, replica] = [cluster().masters[index], cluster().replicas[index]];
  if (master === undefined || replica === undefined) throw new Error('there are three shards');
  return { master, replica };
}

async function insertAll(store: RedisStore): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: accounts }, (_each, index) => insertOne(store, `account-${index}`)));
}

async function slotOf(id: string): Promise<number> {
  return cluster().client.cluster('KEYSLOT', `{${id.slice(0, 2)}}`);
}

/** Whether the slot of the session is among those that were assigned to the shard at the start. */
async function isOn(index: number, id: string): Promise<boolean> {
  return Math.floor((await slotOf(id)) / Math.ceil(16_384 / 3)) === index;
}

function openOn(t: ExecutionContext, replicas: { readonly count: number; readonly timeout: number }) {
  return openStore(t, { cluster: { nodes: cluster().nodes }, keyPrefix: freshPrefix(), buckets: 64, replicas });
}

test.serial(
  'while the replica of one shard hangs, only pushes to that shard fail as unsure, with few WAITs',
  async (t) => {
    const store = await openOn(t, { count: 1, timeout: 5_000 });
    const ids = await insertAll(store);
    const waits = async () => {
      const counts = await Promise.all(cluster().masters.map((master) => callsOf(master, 'wait')));
      return counts.reduce((sum, count) => sum + count, 0);
    };
    const goOn = await pause(shard(0).replica);
    const before = await waits();
    let affected = 0;
    await Promise.all(
      ids.map(async (id) => {
        const pushing = store.append(app, id, outgoing('hi'));
        if (await isOn(0, id)) {
          affected += 1;
          t.deepEqual((await refusalOf(pushing)).details, { unsure: true, replicas: { needed: 1, reached: 0 } });
        } else await t.notThrowsAsync(pushing);
      }),
    );
    t.true(affected > 0 && affected < accounts);
    t.is((await waits()) - before, 3);
    goOn();
    const push = (id: string) => isAcknowledged(store.append(app, id, outgoing('again')));
    for (const id of ids) await eventually(() => push(id), { what: 'the replica is back' });
  },
);

test.serial('a push waits for the end of a migration, and follows its slot', async (t) => {
  const store = await openOn(t, patient);
  const ids = await insertAll(store);
  const [from, to] = [shard(1).master, shard(2).master];
  const places = await Promise.all(ids.map(async (id) => ({ id, isThere: await isOn(1, id) })));
  const { id = '' } = places.find(({ isThere }) => isThere) ?? {};
  const slot = await slotOf(id);
  await store.append(app, id, outgoing('before'));
  await moveKeys(slot, from, to);
  const refusals = await errorsOf(to, 'TRYAGAIN');
  const pushing = store.append(app, id, outgoing('waiting'));
  await eventually(async () => (await errorsOf(to, 'TRYAGAIN')) > refusals, { what: 'a server refuses the push' });
  await giveSlot(cluster(), slot, to);
  await pushing;
  await store.append(app, id, outgoing('moved'));
  t.deepEqual(await retained(store, id), ['before', 'waiting', 'moved']);
  await moveKeys(slot, to, from);
  await giveSlot(cluster(), slot, from);
});

test.serial(
  'a master is killed under pushes: its replica has every acknowledged push, and pushes succeed again once it has a replica',
  async (t) => {
    const store = await openOn(t, { count: 1, timeout: 200 });
    const ids = await insertAll(store);
    const told = new Map(ids.map((id) => [id, [] as number[]]));
    let isOver = false;
    t.teardown(() => {
      isOver = true;
    });
    const publishing = ids.map(async (id) => {
      for (let number = 0; !isOver; number += 1) {
        if (await isAcknowledged(store.append(app, id, outgoing(number)))) told.get(id)?.push(number);
        await new Promise(setImmediate);
      }
    });
    const acknowledged = () => [...told.values()].reduce((sum, numbers) => sum + numbers.length, 0);
    await eventually(() => acknowledged() > 10 * accounts, { what: 'traffic flows' });
    const { master, replica } = shard(0);
    await master.kill();
    await eventually(async () => (await replica.client.info('replication')).includes('role:master'));
    await master.restart();
    const before = new Map([...told].map(([id, numbers]) => [id, numbers.length]));
    const goesOn = () => [...told].every(([id, numbers]) => numbers.length > (before.get(id) ?? 0));
    await eventually(goesOn, { what: 'pushes to every session are acknowledged again' });
    isOver = true;
    await Promise.all(publishing);
    for (const [id, numbers] of told) {
      const found = await retained(store, id);
      const there = new Set(found);
      t.is(there.size, found.length, 'none is there twice');
      t.deepEqual(
        numbers.filter((number) => !there.has(number)),
        [],
      );
    }
  },
);
