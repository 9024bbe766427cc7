import test, { type ExecutionContext } from 'ava';
import { Trial, valuesOf } from '../../../../src/conformance/trial.js';
import { SessionContext } from '../../../../src/index.js';
import { RedisStore } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import { RedisServer } from '../../../support/redis-server.js';
import { freshPrefix } from '../exact-clock.js';

const ten = Array.from({ length: 10 }, (_each, index) => index + 1);

async function trialOn(t: ExecutionContext, { url }: RedisServer, keyPrefix: string): Promise<Trial> {
  const store = new RedisStore(new SessionContext({}), { url, keyPrefix });
  const trial = new Trial({ store, advance: async () => {}, close: () => store.close() }, 1, { gcTime: 600_000 });
  await store.open(trial);
  t.teardown(() => store.close());
  return trial;
}

async function isThere(trial: Trial, id: string): Promise<boolean> {
  return trial.store.get('default', id).then(
    () => true,
    () => false,
  );
}

/** A way to roll the data back to offset 10 although a client has already read up to offset 13. */
interface Rollback {
  /** Saves a copy of the current data. */
  readonly mark: () => Promise<void>;
  /** Rolls back to the copy. @returns a trial over the restored data */
  readonly goBack: (trial: Trial, id: string) => Promise<Trial>;
}

async function olderFile(t: ExecutionContext): Promise<{ trial: Trial; rollback: Rollback }> {
  const server = await RedisServer.start();
  t.teardown(() => server.stop());
  const trial = await trialOn(t, server, freshPrefix());
  const goBack = async (before: Trial, id: string) => {
    await server.kill();
    await server.restart();
    await eventually(() => isThere(before, id), { what: 'the server is back' });
    return before;
  };
  return { trial, rollback: { mark: async () => void (await server.client.save()), goBack } };
}

async function laggingReplica(t: ExecutionContext): Promise<{ trial: Trial; rollback: Rollback }> {
  const [master, replica] = await Promise.all([
    RedisServer.start({ 'repl-diskless-sync-delay': '0' }),
    RedisServer.start(),
  ]);
  t.teardown(() => Promise.all([master.stop(), replica.stop()]));
  await replica.client.replicaof('127.0.0.1', master.port);
  const keyPrefix = freshPrefix();
  const trial = await trialOn(t, master, keyPrefix);
  const mark = async () => {
    await eventually(async () => (await master.client.wait(1, 1_000)) === 1, { what: 'the replica has all' });
    // From here on the replica receives no writes, like a replica that lags.
    await replica.client.replicaof('NO', 'ONE');
  };
  return { trial, rollback: { mark, goBack: () => trialOn(t, replica, keyPrefix) } };
}

for (const [name, prepare] of [
  ['a restart from an older file', olderFile],
  ['the promotion of a replica that lagged', laggingReplica],
] as const) {
  for (const pushes of [0, 1, 3, 5]) {
    test(`after ${name} a client at offset 13 receives reset and all messages, with ${pushes} pushes since`, async (t) => {
      const { trial, rollback } = await prepare(t);
      const { id } = await trial.login();
      await trial.push(id, ...ten);
      await trial.read(id, { after: undefined });
      await rollback.mark();
      await trial.push(id, 11, 12, 13);
      const sent = await trial.read(id);
      t.is(sent.offset, 13);

      const again = await rollback.goBack(trial, id);
      const since = Array.from({ length: pushes }, (_each, index) => `since ${index}`);
      await again.push(id, ...since);
      const batch = await again.read(id, { after: sent, wait: 1_000 });
      t.deepEqual([valuesOf(batch), batch.reset], [[...ten, ...since], true]);
      t.not(batch.epoch, sent.epoch);
      const next = await again.read(id, { after: batch });
      t.deepEqual([next.messages, next.reset], [[], false], 'it is told once');
    });
  }
}

test('after a clean restart of a server that kept everything, a reader receives reset once', async (t) => {
  const server = await RedisServer.start({ appendonly: 'yes', appendfsync: 'always' });
  t.teardown(() => server.stop());
  const trial = await trialOn(t, server, freshPrefix());
  const { id } = await trial.login();
  await trial.push(id, 'a');
  const sent = await trial.read(id);
  await server.restart();
  await eventually(() => isThere(trial, id), { what: 'the server is back' });
  const batch = await trial.read(id, { after: sent });
  t.deepEqual([valuesOf(batch), batch.reset], [['a'], true]);
  t.false((await trial.read(id, { after: batch })).reset);
});
