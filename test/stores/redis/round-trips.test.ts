import test, { type ExecutionContext } from 'ava';
import { renewal } from '../../../src/conformance/trial.js';
import { type NewSession, type ReadRequest, SessionContext } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { hashSecret, newId, newSecret } from '../../../src/store/session-token.js';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.js';
import { RedisProxy } from '../../support/redis-proxy.js';
import { freshPrefix } from './exact-clock.js';
import { serverFor, sharedClusterFor } from './places.js';

const app = 'default';
const buckets = 8;
/** The heartbeat sends commands too, but not during every one of this many measurements. */
const measurements = 3;

const server = serverFor(test);
const cluster = sharedClusterFor(test);

function newSession(store: RedisStore, accountId: string): NewSession {
  const rest = { ip: '::1', userAgent: 'Agent', ttl: 60_000, maxAge: 0, maxSession: 0, attributes: { a: '1' } };
  return { app, id: newId(store.idPrefix(app, accountId)), accountId, secretHash: hashSecret(newSecret()), ...rest };
}

function message(value: unknown) {
  const json = JSON.stringify(value);
  return { json, bytes: Buffer.byteLength(json), key: undefined };
}

let tickets = 0;

function request(rest: Partial<ReadRequest> = {}): ReadRequest {
  tickets += 1;
  return {
    reader: 'r',
    after: '',
    limit: 10,
    wait: 0,
    secretHash: undefined,
    generation: undefined,
    ticket: tickets,
    ...rest,
  };
}

/** A store with proxies that count its commands. */
class Counted {
  readonly store: RedisStore;
  readonly #proxies: readonly RedisProxy[];

  private constructor(store: RedisStore, proxies: readonly RedisProxy[]) {
    this.store = store;
    this.#proxies = proxies;
  }

  static async onServer(t: ExecutionContext): Promise<Counted> {
    const proxy = await RedisProxy.start(server().port);
    return Counted.#open(t, [proxy], { url: proxy.url });
  }

  static async onCluster(t: ExecutionContext): Promise<Counted> {
    const { nodes: masters } = cluster();
    const proxies = await Promise.all(masters.map(({ port }) => RedisProxy.start(port)));
    const places = masters.map(({ port }, index) => [
      `127.0.0.1:${port}`,
      { host: '127.0.0.1', port: proxies[index]?.port ?? 0 },
    ]);
    const nodes = proxies.map(({ port }) => ({ host: '127.0.0.1', port }));
    return Counted.#open(t, proxies, { cluster: { nodes, options: { natMap: Object.fromEntries(places) } } });
  }

  static async #open(t: ExecutionContext, proxies: readonly RedisProxy[], options: RedisStoreOptions) {
    const store = new RedisStore(new SessionContext({ maxSession: 0 }), {
      ...options,
      buckets,
      keyPrefix: freshPrefix(),
    });
    await store.open(noListener);
    t.teardown(async () => {
      await store.close();
      for (const proxy of proxies) await proxy.close();
    });
    return new Counted(store, proxies);
  }

  /** Returns the number of commands that the action sends: the minimum of several measurements. */
  async commandsOf(action: () => Promise<unknown>): Promise<number> {
    const counts: number[] = [];
    for (let round = 0; round < measurements; round += 1) {
      const before = this.#sent;
      await action();
      counts.push(this.#sent - before);
    }
    return Math.min(...counts);
  }

  get #sent(): number {
    return this.#proxies.reduce((sum, { requests }) => sum + requests.length, 0);
  }
}

type Operation = (store: RedisStore, session: NewSession, other: NewSession) => Promise<unknown>;

/** Operations on one session or one account. */
const single: Readonly<Record<string, Operation>> = {
  insert: (store) => store.insert(newSession(store, 'alice')),
  'insertOnce of a new one': (store) => store.insertOnce(newSession(store, 'alice')),
  'insertOnce of one that exists': (store, session) => store.insertOnce(session),
  authenticate: (store, { id, secretHash }) => store.authenticate(app, id, secretHash),
  get: (store, { id }) => store.get(app, id),
  touch: (store, { id }) => store.touch(app, id, renewal),
  patch: (store, { id }) => store.patch(app, id, { b: '2', a: null }),
  patchAsBearer: (store, { id, secretHash }) => store.patchAsBearer(app, id, secretHash, { b: '2', a: null }),
  endAsBearer: (store, { id, secretHash }) => store.endAsBearer(app, id, secretHash, 'logout'),
  rotateAndEndOthers: (store, { id, accountId }) =>
    store.rotateAndEndOthers(app, accountId, id, hashSecret(newSecret())),
  recordClient: (store, { id }) => store.recordClient(app, id, '::1', 'Agent'),
  reauthenticate: (store, { id }) => store.reauthenticate(app, id, 2),
  rotate: (store, { id }) => store.rotate(app, id, hashSecret(newSecret()), false),
  'replace within an account': async (store, { id }, { id: oldId }) => store.replace(app, id, oldId),
  end: (store, { id }) => store.end(app, id, 'logout'),
  endAccount: (store, { accountId }) => store.endAccount(app, accountId, 'revoked', undefined),
  listAccount: (store, { accountId }) => store.listAccount(app, accountId),
  append: (store, { id }) => store.append(app, id, message('hi')),
  appendToAccount: (store, { accountId }) => store.appendToAccount(app, accountId, message('hi')),
  read: (store, { id }) => store.read(app, id, request()),
  'read that parks': (store, { id }) => store.read(app, id, request({ wait: 60_000 })),
  'read by its bearer': (store, { id, secretHash }) => store.read(app, id, request({ secretHash })),
  acknowledgeAsBearer: (store, { id, secretHash }) =>
    store.acknowledgeAsBearer(app, id, secretHash, 'r', { epoch: 'epoch0', offset: 1, proof: 1 }),
  acknowledge: (store, { id }) => store.acknowledge(app, id, 'r', { epoch: 'epoch0', offset: 1, proof: 1 }),
  release: (store, { id }) => store.release(app, id, 'r'),
  'append that wakes': async (store, { id }) => store.append(app, id, message('hi')),
};

/** Returns the number of commands of the operation. Creates new sessions for each measurement. */
async function measured(counted: Counted, operate: Operation, prepares: boolean): Promise<number> {
  const { store } = counted;
  const pairs = await Promise.all(
    Array.from({ length: measurements }, async (_each, index) => {
      const pair = [newSession(store, `account-${index}`), newSession(store, `account-${index}`)] as const;
      for (const session of pair) await store.insert(session);
      if (prepares) await store.read(app, pair[0].id, request({ wait: 60_000 }));
      return pair;
    }),
  );
  const next = pairs.values();
  return counted.commandsOf(async () => {
    const pair = next.next().value;
    if (pair !== undefined) await operate(store, ...pair);
  });
}

for (const [place, open] of [
  ['a single server', Counted.onServer],
  ['a Cluster', Counted.onCluster],
] as const) {
  test(`on ${place} each operation on one session or account is one command`, async (t) => {
    const counted = await open(t);
    for (const [name, operate] of Object.entries(single)) {
      t.is(await measured(counted, operate, name === 'append that wakes'), 1, name);
    }
  });

  test(`on ${place} an operation on a whole app sends one command per bucket, or two if it pages`, async (t) => {
    const counted = await open(t);
    const { store } = counted;
    const logins = Array.from({ length: 100 }, (_each, index) => newSession(store, `account-${index}`));
    await Promise.all(logins.map((login) => store.insert(login)));
    const ids = logins.map(({ id }) => id);
    const query = { activeWithin: undefined, limit: 1_000, cursor: undefined };
    // Upper limits: on a single server, buckets whose calls are light share a command.
    const most: readonly (readonly [string, number, () => Promise<unknown>])[] = [
      ['countSessions', buckets, () => store.countSessions(app)],
      ['countPresence', buckets, () => store.countPresence()],
      ['countActiveAccounts', buckets, () => store.countActiveAccounts(app, 60_000)],
      ['listApp', 2 * buckets, () => store.listApp(app, query)],
      ['scanApp', 2 * buckets, () => takeAll(store.scanApp(app, 1_000))],
      ['appendToEach', buckets, () => store.appendToEach(app, ids, message('x'))],
      ['sweep, when nothing is due', buckets, () => store.sweep(100)],
      ['judgePresence, when no session is silent', buckets, () => store.judgePresence(100)],
    ];
    for (const [name, commands, operate] of most) {
      const counts = await counted.commandsOf(operate);
      t.true(counts >= 1 && counts <= commands, `${name}: ${counts}`);
    }
  });
}

test('operations called in one turn of the event loop are sent as one command', async (t) => {
  const counted = await Counted.onServer(t);
  const { store } = counted;
  const logins = Array.from({ length: 50 }, (_each, index) => newSession(store, `account-${index}`));
  t.is(
    await counted.commandsOf(() =>
      Promise.all(logins.map(({ id }) => store.append(app, id, message(1)).catch(() => {}))),
    ),
    1,
  );
});

async function takeAll(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _chunk of chunks);
}
