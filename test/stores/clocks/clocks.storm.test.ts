import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { SessionContextOptions } from '../../../src/index.js';
import { eventually } from '../../support/eventually.js';
import type { ServedOptions } from '../nodes/hosted-store.js';
import { ServiceProcess } from '../nodes/service-process.js';
import { freshPrefix } from '../redis/exact-clock.js';
import { serverFor } from '../redis/places.js';
import { freshPath } from '../sqlite/create-sqlite-store.js';

const server = serverFor(test);
const hour = 3_600_000;

/** Returns the options of an empty store of each kind. */
const stores: Readonly<Record<string, (t: ExecutionContext) => ServedOptions | Promise<ServedOptions>>> = {
  memory: () => ({ memory: {} }),
  SQLite: async (t) => ({ path: await freshPath(t) }),
  Redis: () => ({ url: server().url, keyPrefix: freshPrefix() }),
};

async function startNode(t: ExecutionContext, options: ServedOptions, context: SessionContextOptions, skew = 0) {
  return ServiceProcess.start(t, { options, context: { gcInterval: 50, ...context }, skew });
}

function isLive(node: ServiceProcess, token: string): Promise<boolean> {
  return node.do('authenticate', token).then(
    () => true,
    () => false,
  );
}

async function isReported(node: ServiceProcess, id: string): Promise<boolean> {
  return (await node.do('closed')).some((closed) => closed.id === id && closed.reason === 'expired');
}

for (const [name, place] of Object.entries(stores)) {
  test.serial(
    `${name}: a wall clock that is set back by an hour lengthens no poll and no session, and delays no push`,
    async (t) => {
      const node = await startNode(t, await place(t), {});
      const { id } = await node.do('create', 'alice');
      const quiet = await node.hold(id, 'quiet', 1_500);
      const woken = await node.hold(id, 'woken', 60_000);
      const brief = await node.do('create', 'bob', { ttl: 1_000 });
      await node.do('setWallClock', -hour);
      await eventually(() => quiet.isOver, { what: 'the quiet poll ends' });
      t.deepEqual((await quiet.batch).messages, []);
      // The push answers both a poll that began before the change of the clock and one that begins after it.
      const later = await node.hold(id, 'later', 60_000);
      await node.do('push', id, 'hi');
      for (const poll of [woken, later]) t.is((await poll.batch).messages.at(-1)?.data, 'hi');
      await eventually(() => isReported(node, brief.id), { what: 'the brief session expires' });
    },
  );

  test.serial(`${name}: a wall clock that is set forward by an hour ends no poll and no session early`, async (t) => {
    const node = await startNode(t, await place(t), { gcTime: 600_000 });
    const { id, token } = await node.do('create', 'alice');
    const held = await node.hold(id, 'default', 60_000);
    await node.do('setWallClock', hour);
    const another = await node.do('create', 'bob', { ttl: 1_000 });
    // When this session has expired, a sweep has run after the change of the clock.
    await eventually(() => isReported(node, another.id), { what: 'the brief session expires' });
    t.deepEqual(
      (await node.do('closed')).map((closed) => closed.id),
      [another.id],
    );
    t.false(held.isOver);
    t.true(await isLive(node, token));
    await node.do('push', id, 'hi');
    t.is((await held.batch).messages.at(-1)?.data, 'hi');
  });

  test.serial(
    `${name}: when a node was stopped for longer than a poll is held, the poll is answered, and its session is still live`,
    async (t) => {
      const options = await place(t);
      const node = await startNode(t, options, { gcTime: 20_000 });
      const { id, token } = await node.do('create', 'alice');
      const held = await node.hold(id, 'default', 1_000);
      node.signal('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      node.signal('SIGCONT');
      const { messages, closed } = await held.batch;
      t.deepEqual([messages, closed], [[], undefined]);
      t.true(await isLive(node, token));
      const next = await node.hold(id, 'default', 60_000);
      await node.do('push', id, 'hi');
      t.is((await next.batch).messages.at(-1)?.data, 'hi');
      t.deepEqual(await node.do('unhandled'), []);
    },
  );
}

for (const [name, place] of Object.entries(stores).filter(([each]) => each !== 'memory')) {
  test.serial(
    `${name}: a poll receives a message that was pushed while the node that holds the poll was stopped`,
    async (t) => {
      const options = await place(t);
      const [one, other] = [await startNode(t, options, {}), await startNode(t, options, {})];
      const { id } = await one.do('create', 'alice');
      const held = await one.hold(id, 'default', 60_000);
      one.signal('SIGSTOP');
      await other.do('push', id, 'hi');
      one.signal('SIGCONT');
      const { messages, lost } = await held.batch;
      t.deepEqual([messages.at(-1)?.data, lost], ['hi', 0]);
    },
  );
}

test.serial(
  'SQLite: processes that started before and after a change of the wall clock agree on which sessions are live',
  async (t) => {
    const options = { path: await freshPath(t) };
    const context = { gcTime: 600_000 };
    const before = await startNode(t, options, context);
    const { id, token } = await before.do('create', 'alice');
    for (const step of [hour, -hour]) {
      await before.do('setWallClock', step);
      const after = await startNode(t, options, context, step);
      t.true(await isLive(after, token));
      for (const [one, other] of [
        [before, after],
        [after, before],
      ] as const) {
        const brief = await one.do('create', `bob-${step}`, { ttl: 1_000 });
        const isOver = async () => (await isReported(one, brief.id)) || (await isReported(other, brief.id));
        await eventually(isOver, { what: 'the brief session expires' });
      }
      t.deepEqual(await before.do('sessionsOfAccount', 'alice'), [id]);
      await after.kill();
    }
  },
);

test.serial(
  'memory: a change of the wall clock between a stop and the next start neither ends nor lengthens a session',
  async (t) => {
    for (const step of [hour, -hour]) {
      const path = join(`${await freshPath(t)}.folder`, 'snapshot');
      const options = { memory: { snapshot: { path } } };
      const before = await startNode(t, options, {});
      const long = await before.do('create', 'alice', { ttl: 600_000 });
      const brief = await before.do('create', 'bob', { ttl: 3_000 });
      await before.do('stop');
      await before.kill();
      const after = await startNode(t, options, {}, step);
      t.true(await isLive(after, long.token), `after a step of ${step} ms`);
      const isGone = async () => (await after.do('sessionsOfAccount', 'bob')).length === 0;
      await eventually(isGone, { what: 'the brief session expires', patience: 30_000 });
      t.false(await isLive(after, brief.token));
    }
  },
);
