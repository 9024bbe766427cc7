import test, { type ExecutionContext } from 'ava';
import { type SessionContextOptions, SessionError } from '../../../../src/index.js';
import type { RedisStoreOptions } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import { newAccount, type Pair, wakeUpFaults } from '../../nodes/faults/wake-up.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import type { ServiceSettings } from '../../nodes/start-service.js';
import { freshPrefix } from '../exact-clock.js';
import { serverFor, sharedClusterFor } from '../places.js';

const server = serverFor(test);
const cluster = sharedClusterFor(test);

type Launch = (settings: ServiceSettings) => Promise<ServiceProcess>;

function twoNodes(launch: Launch, where: RedisStoreOptions, context: SessionContextOptions): Promise<Pair> {
  const settings = { context, options: { ...where, keyPrefix: freshPrefix() } };
  return Promise.all([launch(settings), launch(settings)]);
}

const places = [
  ['on a server', () => ({ url: server().url })],
  ['on a Cluster', () => ({ cluster: { nodes: cluster().nodes } })],
] as const;

/** By place: two nodes with default settings, which the tests share because processes take long to start. */
const usual = new Map<string, Pair>();
for (const [place, options] of places) {
  test.serial.before(`nodes are started ${place}`, async () => {
    usual.set(place, await twoNodes(ServiceProcess.launch, options(), {}));
  });
}
test.after.always('the nodes are stopped', async () => {
  for (const pair of usual.values()) for (const node of pair) await node.kill();
});

function usualAt(place: string): Pair {
  const pair = usual.get(place);
  if (pair === undefined) throw new Error(`no nodes are started ${place}`);
  return pair;
}

/** Declares a test on a single server and on a Cluster; with nodes of its own if it has settings of its own. */
function everywhere(
  title: string,
  context: SessionContextOptions | undefined,
  body: (t: ExecutionContext, nodes: Pair) => Promise<void>,
): void {
  for (const [place, options] of places) {
    test.serial(`${place}: ${title}`, async (t) => {
      const launch = (settings: ServiceSettings) => ServiceProcess.start(t, settings);
      await body(t, context === undefined ? usualAt(place) : await twoNodes(launch, options(), context));
    });
  }
}

wakeUpFaults(everywhere);

test.serial('a push while the subscriber is disconnected is delivered when it is back', async (t) => {
  const [one, other] = usualAt('on a server');
  const { id } = await one.do('create', newAccount());
  for (let round = 1; round <= 5; round += 1) {
    const held = await other.hold(id);
    const [, report] = await Promise.all([disconnectSubscribers(), one.do('push', id, round)]);
    t.is(report.accepted, 1);
    const { messages, lost } = await held.batch;
    t.deepEqual([messages.map(({ data }) => data), lost], [[round], 0]);
  }
});

test.serial('a close while the subscriber is disconnected ends the poll when it is back', async (t) => {
  const [one, other] = usualAt('on a server');
  const { id } = await one.do('create', newAccount());
  const held = await other.hold(id);
  await Promise.all([disconnectSubscribers(), one.do('close', id)]);
  // Ended by the notice if that was quicker, else by the refusal of the next read.
  const reason = await held.batch.then(
    ({ closed }) => closed?.code,
    (error) => SessionError.is(error, 'SESSION_CLOSED') && error.details.reason,
  );
  t.is(reason, 'revoked');
});

/** Disconnects the subscribers of both nodes, once both are subscribed. */
async function disconnectSubscribers(): Promise<void> {
  const { client } = server();
  const count = async () => String(await client.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).match(/^id=/gm)?.length ?? 0;
  await eventually(async () => (await count()) === 2, { what: 'both nodes are subscribed' });
  await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
}
