import test, { type ExecutionContext } from 'ava';
import { type SessionContextOptions, SessionError } from '../../../../src/index.js';
import type { RedisStoreOptions } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import type { ServiceSettings } from '../../nodes/service-node.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPrefix } from '../exact-clock.js';
import { clusterFor, serverFor } from '../places.js';

const server = serverFor(test);
const cluster = clusterFor(test);

type Pair = readonly [ServiceProcess, ServiceProcess];
type Launch = (settings: ServiceSettings) => Promise<ServiceProcess>;

function twoNodes(launch: Launch, where: RedisStoreOptions, context: SessionContextOptions): Promise<Pair> {
  const settings = { context, options: { ...where, keyPrefix: freshPrefix() } };
  return Promise.all([launch(settings), launch(settings)]);
}

const places = [
  ['on a server', () => ({ url: server().url })],
  ['on a Cluster', () => ({ cluster: { nodes: cluster().nodes } })],
] as const;

/** By place: two nodes of the usual settings, which the tests share because processes take long to start. */
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

/** One test of the same facts on a single server and on a Cluster, with nodes of its own if the settings are. */
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

let accounts = 0;

/** One that no other test uses. */
function newAccount(): string {
  accounts += 1;
  return `account-${accounts}`;
}

everywhere('a push on one node answers the poll that another holds', undefined, async (t, [one, other]) => {
  const sessions = await Promise.all(Array.from({ length: 5 }, () => one.do('create', newAccount())));
  for (const { id } of sessions) {
    const held = await other.hold(id);
    t.deepEqual(await one.do('push', id, { text: 'é\u2028', to: id }), { accepted: 1, dropped: 0, refused: 0 });
    const { messages, lost } = await held.batch;
    t.deepEqual([messages.map(({ data }) => data), lost], [[{ text: 'é\u2028', to: id }], 0]);
  }
});

everywhere('a push to an account answers polls of its sessions on all nodes', undefined, async (t, nodes) => {
  const [one, other] = nodes;
  const account = newAccount();
  const sessions = [await one.do('create', account), await one.do('create', account)];
  const polls = [];
  for (const { id } of sessions) for (const node of nodes) polls.push(await node.hold(id, `at-${nodes.indexOf(node)}`));
  await other.do('pushToAccount', account, 'hi');
  for (const { batch } of polls)
    t.deepEqual(
      (await batch).messages.map(({ data }) => data),
      ['hi'],
    );
});

everywhere(
  'a poll held on one node ends when its reader polls on another, which holds on',
  undefined,
  async (t, [one, other]) => {
    const { id } = await one.do('create', newAccount());
    const older = await one.hold(id, 'tab');
    const newer = await other.hold(id, 'tab');
    t.is((await older.batch).superseded, true);
    t.false(newer.isOver);
    await one.do('push', id, 1);
    const { messages, superseded } = await newer.batch;
    t.deepEqual([messages.length, superseded], [1, undefined]);
  },
);

everywhere(
  'a reader pushed out by another node is told that it is superseded',
  { maxReader: 1 },
  async (t, [one, other]) => {
    const { id } = await one.do('create', newAccount());
    const older = await one.hold(id, 'first');
    const newer = await other.hold(id, 'second');
    t.is((await older.batch).superseded, true);
    t.false(newer.isOver);
  },
);

everywhere(
  'a reader that comes back to the node it left is not ended by the node between',
  undefined,
  async (t, [one, other]) => {
    const { id } = await one.do('create', newAccount());
    const polls = [];
    for (const node of [one, other, one, other, one]) polls.push(await node.hold(id, 'tab'));
    const last = polls.pop();
    for (const { batch } of polls) t.is((await batch).superseded, true);
    t.is(last?.isOver, false);
    await other.do('push', id, 'x');
    t.is((await last?.batch)?.messages.length, 1);
  },
);

const endings = {
  maxSession: 1,
  onMaxSession: 'evict-oldest',
  gcInterval: 100,
  msgMaxLength: 1,
  onOverflow: 'close',
} as const;

everywhere(
  'whatever ends a session on one node ends its held polls on every node, with the reason',
  endings,
  async (t, nodes) => {
    const [one] = nodes;
    const ways: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
      revoked: (id) => one.do('close', id),
      logout: (id) => one.do('close', id, 'logout'),
      evicted: () => one.do('create', 'evicted'),
      replaced: async (id) => one.do('replace', (await one.do('create', 'newcomer')).id, id),
      // Neither node acts: whichever sweeps it tells the other.
      'max-age': async () => {},
    };
    for (const [reason, end] of Object.entries(ways)) {
      const { id } = await one.do('create', reason, reason === 'max-age' ? { maxAge: 2_000 } : {});
      const polls = [];
      for (const node of nodes) polls.push(await node.hold(id, `at-${nodes.indexOf(node)}`));
      await end(id);
      for (const { batch } of polls) {
        const code: string | undefined = (await batch).closed?.code;
        t.is(code, reason);
      }
    }
  },
);

everywhere('closing an account on one node ends its polls on the other', undefined, async (t, [one, other]) => {
  const account = newAccount();
  const { id } = await one.do('create', account);
  const held = await other.hold(id);
  t.is(await one.do('closeAccount', account), 1);
  t.is((await held.batch).closed?.code, 'revoked');
});

test.serial('a push while the subscriber is cut off is found when it is back', async (t) => {
  const [one, other] = usualAt('on a server');
  const { id } = await one.do('create', newAccount());
  for (let round = 1; round <= 5; round += 1) {
    const held = await other.hold(id);
    const [, report] = await Promise.all([cutOffSubscribers(), one.do('push', id, round)]);
    t.is(report.accepted, 1);
    const { messages, lost } = await held.batch;
    t.deepEqual([messages.map(({ data }) => data), lost], [[round], 0]);
  }
});

test.serial('a close while the subscriber is cut off is found when it is back', async (t) => {
  const [one, other] = usualAt('on a server');
  const { id } = await one.do('create', newAccount());
  const held = await other.hold(id);
  await Promise.all([cutOffSubscribers(), one.do('close', id)]);
  // Told by the notice if that was quicker, else by the refusal of the read that follows.
  const reason = await held.batch.then(
    ({ closed }) => closed?.code,
    (error) => SessionError.is(error, 'SESSION_CLOSED') && error.details.reason,
  );
  t.is(reason, 'revoked');
});

/** Ends the connections by which both nodes are told of what happens, once both have one. */
async function cutOffSubscribers(): Promise<void> {
  const { client } = server();
  const count = async () => String(await client.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).match(/^id=/gm)?.length ?? 0;
  await eventually(async () => (await count()) === 2, { what: 'both nodes listen' });
  await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
}
