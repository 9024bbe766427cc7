import test, { type ExecutionContext } from 'ava';
import { SessionContext } from '../../../../src/index.js';
import { noListener } from '../../../../src/store/no-listener.js';
import { RedisStore } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import { ExactClock, exactOptions, exactTimeSource, freshPrefix } from '../exact-clock.js';
import { serverFor } from '../places.js';
import { app, newSession, outgoing } from '../workload.js';

const server = serverFor(test);

/** Collects the reports of damage. Serial tests only: the warnings of a process have no sender. */
function reports(t: ExecutionContext): readonly string[] {
  const told: string[] = [];
  const note = (warning: Error) => {
    if (warning.name === 'SessionMailboxWarning')
      told.push(`${warning.message} ${'detail' in warning ? warning.detail : ''}`);
  };
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  return told;
}

async function stage(t: ExecutionContext) {
  const keyPrefix = freshPrefix();
  const { client, url } = server();
  const clock = await ExactClock.start(client, keyPrefix);
  const open = async () => {
    const context = new SessionContext({ maxSession: 0, hbGrace: 100, tombstoneTime: 0 });
    const store = new RedisStore(context, exactOptions({ url, keyPrefix }), exactTimeSource);
    await store.open(noListener);
    t.teardown(() => store.close());
    return store;
  };
  return { keyPrefix, client, clock, open };
}

/** Values that another program may have written to the key of a session, or that a damaged server may hold. */
const values: Readonly<Record<string, (key: string) => Promise<unknown>>> = {
  'a text': (key) => server().client.set(key, 'a text'),
  'an empty text': (key) => server().client.set(key, ''),
  'a broken array': (key) => server().client.set(key, Buffer.from([0xdc, 0xff, 0xff, 0x01])),
  'an array of another program': (key) => server().client.set(key, Buffer.from([0x93, 0x01, 0xa0, 0x03])),
  'an array with a text for a number': async (key) => {
    const packed = await server().client.getBuffer(key);
    if (packed === null) throw new Error('there is no session');
    // The ttl 500 becomes an empty array and a text.
    const ttl = packed.indexOf(Buffer.from([0xcd, 0x01, 0xf4]));
    await server().client.set(
      key,
      Buffer.concat([packed.subarray(0, ttl), Buffer.from([0xa2, 0x78, 0x78]), packed.subarray(ttl + 3)]),
    );
  },
  'a hash': async (key) => {
    await server().client.del(key);
    await server().client.hset(key, 'a', 'b');
  },
};

for (const [name, write] of Object.entries(values)) {
  test.serial(`a session that became ${name} keeps no other session from its end, and is reported once`, async (t) => {
    const told = reports(t);
    const { keyPrefix, clock, open } = await stage(t);
    const store = await open();
    const sessions = [500, 500, 501, 502].map((ttl) => newSession(store, 'alice', { ttl }));
    for (const session of sessions) await store.insert(session);
    const [first, second, ...rest] = sessions.map(({ id }) => id);
    // The sessions of one deadline are in the order of their names.
    const [damaged = '', whole = ''] = [first, second].toSorted();
    const others = [whole, ...rest];
    const key = `${keyPrefix}{${damaged.slice(0, 2)}}:s:${app}:${damaged}`;
    await write(key);
    t.deepEqual((await store.listAccount(app, 'alice')).map(({ id }) => id).toSorted(), others.toSorted());
    t.is((await store.appendToAccount(app, 'alice', outgoing(1))).length, 3);
    const scanned: string[] = [];
    for await (const ids of store.scanApp(app, 2)) scanned.push(...ids);
    t.deepEqual(scanned.toSorted(), others.toSorted());
    const ids = sessions.map(({ id }) => id);
    t.is((await store.appendToEach(app, ids, outgoing(1))).length, 3);
    await clock.advance(200);
    t.is((await store.judgePresence(10)).items.length, 3);
    await clock.advance(400);
    const swept: string[] = [];
    for (let round = 0; round < 3; round += 1) swept.push(...(await store.sweep(10)).items.map(({ id }) => id));
    t.deepEqual(swept.toSorted(), others.toSorted());
    await eventually(() => told.length > 0);
    t.is(told.filter((text) => text.includes(damaged)).length, 1, told.join('\n'));
  });
}

const damagedReports: Readonly<Record<string, Buffer>> = {
  'a text': Buffer.from('a text'),
  'an array of numbers': Buffer.from([0x92, 0x01, 0x02]),
  'a session with an unknown reason': Buffer.concat([
    Buffer.from([0x91, 0x94]),
    ...['default:x', 'bob', 'why'].map(packedText),
    Buffer.from([0]),
  ]),
};

function packedText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xa0 + text.length]), Buffer.from(text)]);
}

for (const [name, report] of Object.entries(damagedReports)) {
  test.serial(`a report that became ${name} keeps no expiry from being reported`, async (t) => {
    reports(t);
    const { keyPrefix, client, clock, open } = await stage(t);
    const store = await open();
    const session = newSession(store, 'alice', { ttl: 500 });
    await store.insert(session);
    await client.hset(`${keyPrefix}{${session.id.slice(0, 2)}}:reports`, 'gone:1', report);
    await clock.advance(600);
    const swept: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const slice = await store.sweep(10).catch(() => undefined);
      swept.push(...(slice?.items ?? []).map(({ id }) => id));
    }
    t.deepEqual(swept, [session.id]);
    await eventually(async () => (await client.exists(`${keyPrefix}{${session.id.slice(0, 2)}}:reports`)) === 0);
  });
}
