import test from 'ava';
import type { AppQuery } from '../../src/index.js';
import { type Clock, MemoryStore, type SessionContext, SessionError } from '../../src/index.js';
import { ConsoleKit } from '../support/console-kit.js';
import { bindStore } from '../support/service.js';

/** A store that records the calls of the console. */
class CountingStore extends MemoryStore {
  readonly calls: string[] = [];

  constructor(context: SessionContext, clock: Clock) {
    super(context, clock);
    for (const name of ['listAccount', 'get', 'ping', 'countPresence', 'countActiveAccounts', 'endApp'] as const) {
      const method = this[name].bind(this) as (...args: unknown[]) => unknown;
      Object.assign(this, {
        [name]: (...args: unknown[]) => {
          this.calls.push(name);
          return method(...args);
        },
      });
    }
  }

  override listApp(app: string, query: AppQuery) {
    this.calls.push(`listApp ${query.limit}`);
    return super.listApp(app, query);
  }

  override countSessions(app: string) {
    this.calls.push('countSessions');
    return super.countSessions(app);
  }

  override scanApp(app: string, size: number) {
    this.calls.push('scanApp');
    return super.scanApp(app, size);
  }
}

async function start() {
  let store: CountingStore | undefined;
  const binding = bindStore((context, clock) => {
    store = new CountingStore(context, clock);
    return store;
  });
  const kit = await ConsoleKit.start('node', { store: binding, context: { maxSession: 0 } });
  if (store === undefined) throw new Error('the service has no store');
  return { kit, store };
}

test('a page of the list is one call of the store for fifty sessions, and pages show each session once', async (t) => {
  const { kit, store } = await start();
  t.teardown(() => kit.close());
  for (let index = 0; index < 120; index += 1) await kit.manager.createSession(`account-${index}`);
  const seen = new Set<string>();
  const sizes: number[] = [];
  let path = 'sessions';
  for (;;) {
    store.calls.length = 0;
    const { sessions, cursor } = await kit.read(path);
    t.deepEqual(store.calls, ['listApp 50']);
    sizes.push(sessions.length);
    for (const { id } of sessions) seen.add(id);
    if (cursor === undefined) break;
    path = `sessions?cursor=${encodeURIComponent(cursor)}`;
  }
  t.deepEqual(sizes, [50, 50, 20]);
  t.is(seen.size, 120);
});

test('a search by account or by id is one call of the store', async (t) => {
  const { kit, store } = await start();
  t.teardown(() => kit.close());
  const { id } = await kit.manager.createSession('alice');
  store.calls.length = 0;
  await kit.read('sessions?account=alice');
  await kit.read(`sessions?id=${id}`);
  t.deepEqual(store.calls, ['listAccount', 'get']);
});

test('of an account with more than 200 sessions the console shows 200, and the number of the other sessions', async (t) => {
  const { kit } = await start();
  t.teardown(() => kit.close());
  for (let index = 0; index < 203; index += 1) await kit.manager.createSession('alice');
  const { sessions, more } = await kit.read('sessions?account=alice');
  t.is(sessions.length, 200);
  t.is(more, 3);
});

test('however many operators look, the console reads the store once a second, and never scans its sessions', async (t) => {
  const { kit, store } = await start();
  t.teardown(() => kit.close());
  store.calls.length = 0;
  for (let look = 0; look < 20; look += 1) await kit.read('overview');
  t.deepEqual(store.calls.toSorted(), ['listAccount', 'ping']);
  await kit.clock.advance(1_000);
  await Promise.all(Array.from({ length: 20 }, () => kit.read('overview')));
  t.is(store.calls.length, 4);
});

test('however many operators ask for the census, the sessions are counted once a minute', async (t) => {
  const { kit, store } = await start();
  t.teardown(() => kit.close());
  await kit.manager.createSession('alice');
  store.calls.length = 0;
  const answers = await Promise.all(Array.from({ length: 20 }, () => kit.read('census')));
  for (const answer of answers) t.deepEqual(answer, answers[0]);
  t.deepEqual(store.calls, ['countSessions', 'countPresence', 'countActiveAccounts']);
  await kit.clock.advance(59_999);
  await kit.read('census');
  t.is(store.calls.filter((call) => call === 'countSessions').length, 1);
  await kit.clock.advance(1);
  await kit.read('census');
  t.is(store.calls.filter((call) => call === 'countSessions').length, 2);
});

test('a failed census is made again at the next request', async (t) => {
  const { kit, store } = await start();
  t.teardown(() => kit.close());
  const { countActiveAccounts } = store;
  store.countActiveAccounts = () => Promise.reject(new SessionError('STORE_UNAVAILABLE', 'away', {}));
  t.is((await kit.ask('/console/api/census')).status, 503);
  store.countActiveAccounts = countActiveAccounts;
  t.is((await kit.ask('/console/api/census')).status, 200);
});

test('the security events and the acts that a node keeps are bounded', async (t) => {
  const { kit } = await start();
  t.teardown(() => kit.close());
  const error = await kit.manager.authenticate('a'.repeat(64)).catch((refusal) => refusal);
  for (let index = 0; index < 300; index += 1) kit.manager.reportRefused(error, { ip: `192.0.2.${index}` });
  for (let index = 0; index < 210; index += 1) await kit.act('close-account', { account: `account-${index}` });
  await kit.clock.advance(1_000);
  const { security, acts } = await kit.read('overview');
  t.is(security.length, 200);
  t.is(security[0].ip, '192.0.2.299');
  t.is(acts.length, 200);
  t.is(acts[0].accountId, 'account-209');
});
