import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { OperatorAct, StoreBinding } from '../../src/index.js';
import { memoryStore } from '../../src/index.js';
import { runtimeOf } from '../../src/service/app-service.js';
import { redisStore } from '../../src/stores/redis/index.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { ConsoleKit, consoleFronts } from '../support/console-kit.js';
import { until } from '../support/http-kit.js';
import { RedisServer } from '../support/redis-server.js';

let folder: string;
let redis: RedisServer;

test.serial.before('the server and the folder of the stores', async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-test-'));
  redis = await RedisServer.start();
});

const stores: Readonly<Record<string, (name: string) => StoreBinding>> = {
  memory: () => memoryStore(),
  SQLite: (name) => sqliteStore({ path: join(folder, `${name}.db`) }),
  Redis: (name) => redisStore({ url: redis.url, keyPrefix: `${name}:`, buckets: 4 }),
};

type Case = (t: ExecutionContext, kit: ConsoleKit) => Promise<void>;

/** The cases by title. Each uses its own accounts, because all cases of one front and store share a service. */
const cases: Readonly<Record<string, Case>> = {
  'the page loads its script and its style from the console alone': async (t, kit) => {
    const page = await kit.ask('/console');
    t.is(page.status, 200);
    t.regex(page.headers.get('content-type') ?? '', /^text\/html/);
    const named = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
    t.deepEqual(named, ['data:,', './console/page.css', './console/page.js']);
    t.regex((await kit.ask('/console/page.js')).headers.get('content-type') ?? '', /^text\/javascript/);
    t.regex((await kit.ask('/console/page.css')).headers.get('content-type') ?? '', /^text\/css/);
  },

  'the overview has this node with its counts, its held polls and the health of its store': async (t, kit) => {
    await kit.manager.createSession('counted');
    const { operator, app, nodes } = await kit.read('overview');
    t.is(operator, 'root');
    t.is(app, 'default');
    t.true(nodes[0].isThis);
    const { figures } = nodes[0];
    t.is(figures.pid, process.pid);
    t.is(figures.held, 0);
    t.is(typeof figures.storeMs, 'number');
    t.is(figures.counts.closed['max-age'], 0);
  },

  'the overview counts messages, and has their latency to waiting clients': async (t, kit) => {
    const { id } = await kit.manager.createSession('messages');
    await kit.clock.advance(1_000);
    const before = (await kit.read('overview')).nodes[0].figures.messages;
    const polled = kit.manager.poll(id, { after: '', wait: 25_000 });
    await until(() => runtimeOf(kit.manager).room.held === 1);
    await kit.manager.push(id, 1);
    await polled;
    await kit.clock.advance(1_000);
    const after = (await kit.read('overview')).nodes[0].figures.messages;
    t.is(after.pushed, before.pushed + 1);
    t.is(after.delivered, before.delivered + 1);
    t.is(after.dropped, before.dropped);
    t.is(after.latency.buckets.length, after.latency.bounds.length + 1);
  },

  'a search by account finds all its sessions, oldest first, with only the fields that an operator needs': async (
    t,
    kit,
  ) => {
    const first = await kit.manager.createSession('found', {
      ip: '192.0.2.7',
      userAgent: 'phone',
      attributes: { a: 1 },
    });
    const second = await kit.manager.createSession('found');
    await kit.manager.push(first.id, 'waiting');
    const { sessions } = await kit.read('sessions?account=found');
    t.deepEqual(
      sessions.map(({ id }: { id: string }) => id),
      [first.id, second.id],
    );
    t.like(sessions[0], {
      accountId: 'found',
      ip: '192.0.2.7',
      userAgent: 'phone',
      undelivered: 1,
      presence: 'online',
    });
    t.deepEqual(Object.keys(sessions[0]).toSorted(), [
      'accountId',
      'createdAt',
      'id',
      'ip',
      'lastIp',
      'lastTime',
      'lastUserAgent',
      'level',
      'maxAge',
      'presence',
      'ttl',
      'undelivered',
      'userAgent',
    ]);
  },

  'the census counts the stored sessions, the active accounts, and the sessions of all apps by presence': async (
    t,
    kit,
  ) => {
    const { id } = await kit.manager.createSession('census');
    await kit.manager.createSession('census');
    await kit.clock.advance(60_000);
    const before = await kit.read('census');
    await kit.manager.closeSession(id);
    t.deepEqual(await kit.read('census'), before, 'it is made once a minute');
    await kit.clock.advance(60_000);
    const after = await kit.read('census');
    t.is(after.sessions, before.sessions - 1);
    t.is(after.activeAccounts, before.activeAccounts);
    const { online, away } = after.presence;
    t.true(online + away >= after.sessions, 'the sessions of all apps, by presence');
    t.true(after.activeAccounts > 0);
  },

  'a live session is found by its id, and an ended session is not': async (t, kit) => {
    const { id } = await kit.manager.createSession('by-id');
    t.is((await kit.read(`sessions?id=${id}`)).sessions[0].accountId, 'by-id');
    await kit.manager.closeSession(id);
    t.deepEqual(await kit.read(`sessions?id=${id}`), { sessions: [] });
    t.deepEqual(await kit.read('sessions?id=no-id'), { sessions: [] });
  },

  'revoke closes one session and leaves an audit event': async (t, kit) => {
    const [target, other] = [await kit.manager.createSession('one'), await kit.manager.createSession('one')];
    const acts = actsOf(kit);
    const answer = await kit.act('revoke', { id: target.id });
    t.is(answer.status, 200);
    t.deepEqual(JSON.parse(answer.body), { count: 1 });
    t.deepEqual(await idsOf(kit, 'one'), [other.id]);
    await until(() => acts.length > 0);
    t.like(acts[0], { operator: 'root', act: 'revoke', id: target.id, accountId: 'one', outcome: 'done', count: 1 });
    t.like((await later(kit)).acts[0], { act: 'revoke', id: target.id });
  },

  'revoke of a session that does not exist is 404, and is recorded as a failed act': async (t, kit) => {
    const { id } = await kit.manager.createSession('gone');
    await kit.manager.closeSession(id);
    const acts = actsOf(kit);
    t.is((await kit.act('revoke', { id })).status, 404);
    await until(() => acts.length > 0);
    t.like(acts[0], { act: 'revoke', id, accountId: undefined, outcome: 'failed', count: 0 });
  },

  'revoke-others keeps the named session': async (t, kit) => {
    const kept = await kit.manager.createSession('many');
    await kit.manager.createSession('many');
    await kit.manager.createSession('many');
    t.deepEqual(JSON.parse((await kit.act('revoke-others', { id: kept.id })).body), { count: 2 });
    t.deepEqual(await idsOf(kit, 'many'), [kept.id]);
  },

  'close-account closes all sessions of the account': async (t, kit) => {
    await kit.manager.createSession('all');
    await kit.manager.createSession('all');
    t.deepEqual(JSON.parse((await kit.act('close-account', { account: 'all' })).body), { count: 2 });
    t.deepEqual(await idsOf(kit, 'all'), []);
  },

  'push reaches one session, or all sessions of an account, and its audit event does not contain the message': async (
    t,
    kit,
  ) => {
    const [one, other] = [await kit.manager.createSession('pushed'), await kit.manager.createSession('pushed')];
    const acts = actsOf(kit);
    t.deepEqual(JSON.parse((await kit.act('push', { id: one.id, data: { secret: 'hush' } })).body), { count: 1 });
    t.deepEqual(JSON.parse((await kit.act('push', { account: 'pushed', data: null })).body), { count: 2 });
    const batch = await kit.manager.poll(one.id, { wait: 0 });
    t.deepEqual(
      batch.messages.map(({ data }) => data),
      [{ secret: 'hush' }, null],
    );
    t.is((await kit.manager.poll(other.id, { wait: 0 })).messages.length, 1);
    await until(() => acts.length === 2);
    t.deepEqual(
      acts.map(({ id, accountId, count }) => ({ id, accountId, count })),
      [
        { id: one.id, accountId: 'pushed', count: 1 },
        { id: undefined, accountId: 'pushed', count: 2 },
      ],
    );
    t.false(JSON.stringify(acts).includes('hush'));
  },

  'a message may be as large as the service allows': async (t, kit) => {
    const { id } = await kit.manager.createSession('large');
    const data = 'x'.repeat(kit.manager.context.msgMaxBytes - 2);
    t.is((await kit.act('push', { id, data })).status, 200);
    t.is((await kit.act('push', { id, data: `${data}x` })).status, 413);
  },

  'a malformed act is refused, and is not recorded': async (t, kit) => {
    const acts = actsOf(kit);
    t.is((await kit.act('close-account', {})).status, 400);
    t.is((await kit.act('close-account', { account: ['a'] })).status, 400);
    t.is((await kit.act('push', { account: 'a' })).status, 400);
    t.is((await kit.act('revoke', [])).status, 400);
    t.is((await kit.act('revoke', {})).status, 404);
    t.is((await kit.act('drop-tables', {})).status, 404);
    t.deepEqual(acts, []);
  },

  'refused tokens and logins at the limit are listed, newest first': async (t, kit) => {
    kit.manager.reportRefused(await refusal(kit), { userAgent: 'crawler', ip: '192.0.2.66' });
    await kit.manager.createSession('limited', { maxSession: 1 });
    await t.throwsAsync(kit.manager.createSession('limited', { maxSession: 1 }));
    const { security } = await later(kit);
    t.like(security[0], { event: 'limit', accountId: 'limited', verdict: 'refused' });
    t.like(security[1], { event: 'refused', kind: 'unknown', userAgent: 'crawler' });
  },
};

for (const [store, binding] of Object.entries(stores)) {
  for (const front of consoleFronts) {
    let kit: ConsoleKit;
    test.serial.before(async () => {
      kit = await ConsoleKit.start(front, { store: binding(`${store}-${front}`) });
    });
    test.serial.after.always(() => kit?.close());
    // Serial, because some cases check all events of their service.
    for (const [title, body] of Object.entries(cases)) test.serial(`${store}, ${front}: ${title}`, (t) => body(t, kit));
  }
}

test.serial.after.always('the server and the folder are removed', async () => {
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

function actsOf(kit: ConsoleKit): readonly OperatorAct[] {
  const acts: OperatorAct[] = [];
  kit.manager.on('audit', (act) => acts.push(act));
  return acts;
}

async function idsOf(kit: ConsoleKit, account: string): Promise<readonly string[]> {
  const { sessions } = await kit.read(`sessions?account=${account}`);
  return sessions.map(({ id }: { id: string }) => id);
}

async function refusal(kit: ConsoleKit): Promise<unknown> {
  return kit.manager.authenticate('a'.repeat(64)).catch((error) => error);
}

/** Reads the overview after the time for which the console caches it. */
async function later(kit: ConsoleKit): Promise<ReturnType<typeof JSON.parse>> {
  await kit.clock.advance(1_000);
  return kit.read('overview');
}
