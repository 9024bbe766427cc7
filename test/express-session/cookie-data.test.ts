import test, { type ExecutionContext } from 'ava';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { SessionMailboxStore } from '../../src/express-session/index.js';
import fc from '../support/fast-check.js';
import { startService } from '../support/service.js';
import { loadedSession, sessionData } from './session-data.js';

const hour = 3_600_000;
const gcTime = hour / 4;

async function start(t: ExecutionContext) {
  const service = await startService(t, { gcTime, gcInterval: hour, hbTime: hour }, { clock: new ManualClock() });
  const store = new SessionMailboxStore(service.manager);
  t.teardown(() => store.close());
  /** Saves a new session with this cookie. Returns the loaded cookie and the idle time of the session. */
  let count = 0;
  const roundTrip = async (cookie: object) => {
    count += 1;
    const sid = `sid${count}`;
    await store.set(sid, sessionData({}, cookie));
    const { cookie: loaded } = await loadedSession(store, sid);
    return { loaded: { ...loaded }, ttl: (await store.sessionOf(sid))?.ttl };
  };
  return { ...service, store, roundTrip };
}

test('a cookie without fields is loaded with the defaults of all frameworks, and its session may idle for gcTime', async (t) => {
  const { roundTrip } = await start(t);
  const defaults = { path: '/', httpOnly: true, originalMaxAge: null, expires: null };
  for (const cookie of [{}, defaults, { originalMaxAge: undefined, domain: null }]) {
    t.deepEqual(await roundTrip(cookie), { loaded: defaults, ttl: gcTime } as never);
  }
});

test('a session that was stored without a cookie is loaded with that default cookie', async (t) => {
  const { store } = await start(t);
  const { cookie: _none, ...data } = sessionData({ theme: 'dark' });
  // Store the session without a cookie, as code without express-session does.
  await store.set('sid-of-a-job', data as ReturnType<typeof sessionData>);
  const { cookie, theme } = await loadedSession(store, 'sid-of-a-job');
  t.deepEqual({ ...cookie }, { path: '/', httpOnly: true, originalMaxAge: null, expires: null } as never);
  t.is(theme, 'dark');
});

for (const [what, cookie] of Object.entries({
  'its original age, rather than the remaining age': { originalMaxAge: hour, maxAge: 1_000 },
  'its age, without an original one': { maxAge: hour },
  'its original age, rather than a date': { originalMaxAge: hour, expires: new Date(0) },
})) {
  test(`a session may idle for ${what}`, async (t) => {
    const { roundTrip, clock } = await start(t);
    const { loaded, ttl } = await roundTrip(cookie);
    t.is(ttl, hour);
    t.deepEqual([loaded.originalMaxAge, loaded.expires], [hour, new Date(clock.now() + hour)]);
  });
}

test('an expiry date may be a Date, a string or a number of milliseconds', async (t) => {
  const { roundTrip, clock } = await start(t);
  const expires = new Date(clock.now() + hour);
  for (const date of [expires, expires.toJSON(), expires.getTime()]) {
    const { loaded, ttl } = await roundTrip({ originalMaxAge: null, expires: date });
    t.deepEqual([loaded.originalMaxAge, loaded.expires, ttl], [null, expires, hour]);
  }
});

test('an expiry of false, with which express-session ends an age, is loaded as false', async (t) => {
  const { roundTrip } = await start(t);
  for (const age of [false, null, undefined]) {
    const { loaded, ttl } = await roundTrip({ originalMaxAge: age, expires: false });
    t.deepEqual([loaded.originalMaxAge, loaded.expires, ttl], [false, false, gcTime], String(age));
  }
});

test('invalid ages and dates are ignored', async (t) => {
  const { roundTrip } = await start(t);
  for (const nothing of [Number.NaN, Number.POSITIVE_INFINITY, '1000', {}, true]) {
    const { loaded, ttl } = await roundTrip({ originalMaxAge: nothing, maxAge: nothing });
    t.deepEqual([loaded.originalMaxAge, ttl], [null, gcTime], String(nothing));
  }
  for (const nothing of [Number.NaN, 'tomorrow', {}, true, new Date(Number.NaN)]) {
    const { loaded, ttl } = await roundTrip({ expires: nothing });
    t.deepEqual([loaded.expires, ttl], [null, gcTime], String(nothing));
  }
});

test('an age is rounded up to a millisecond, and bounded by a hundred years', async (t) => {
  const { roundTrip } = await start(t);
  t.is((await roundTrip({ originalMaxAge: 1_000.2 })).ttl, 1_001);
  t.is((await roundTrip({ originalMaxAge: 0.5 })).ttl, 1);
  const century = 3_155_760_000_000;
  t.is((await roundTrip({ originalMaxAge: century + 1 })).ttl, century);
  t.is((await roundTrip({ originalMaxAge: 1e300 })).ttl, century);
  t.is((await roundTrip({ originalMaxAge: null, expires: new Date(8_640_000_000_000_000) })).ttl, century);
});

const cookies = fc.record(
  {
    path: fc.constantFrom('/', '/shop'),
    httpOnly: fc.boolean(),
    secure: fc.constantFrom(true, false, 'auto'),
    sameSite: fc.constantFrom('lax', 'strict', 'none', true, false),
    domain: fc.domain(),
    partitioned: fc.boolean(),
    priority: fc.constantFrom('low', 'high'),
    originalMaxAge: fc.integer({ min: 1_000, max: 1_000 * hour }),
  },
  { requiredKeys: [] },
);

test('any cookie is loaded as it was saved, and saving it again writes nothing, whatever the order of its fields', async (t) => {
  const { store, clock } = await start(t);
  let count = 0;
  await fc.assert(
    fc.asyncProperty(cookies, async (cookie) => {
      count += 1;
      const sid = `sid${count}`;
      await store.set(sid, sessionData({}, cookie));
      const session = await loadedSession(store, sid);
      const { originalMaxAge = null, ...fields } = cookie;
      const expires = originalMaxAge === null ? null : new Date(clock.now() + originalMaxAge);
      t.deepEqual({ ...session.cookie }, { path: '/', httpOnly: true, ...fields, originalMaxAge, expires } as never);
      const before = (await store.sessionOf(sid))?.writes;
      const reversed = Object.fromEntries(Object.entries(session.cookie).toReversed());
      await store.set(sid, Object.assign(session, { cookie: reversed as never }));
      t.is((await store.sessionOf(sid))?.writes, before);
    }),
  );
});
