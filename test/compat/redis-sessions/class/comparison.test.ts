import test from 'ava';
import { serverFor } from '../../../stores/redis/places.js';
import { app, ip, type Library, oursInMemory, oursOnRedis, theirs, unknownToken } from './libraries.js';

const server = serverFor(test);

/** Calls a library, and resolves with the results, which must be the same for redis-sessions and for our class. */
type Scenario = (library: Library) => Promise<unknown>;

const scenarios: Readonly<Record<string, Scenario>> = {
  'a session begins with one read and one write': async (library) => {
    const token = await library.create({ app, id: 'alice', ip });
    return [token.length, await library.call('get', { app, token }), await library.call('get', { app, token })];
  },
  'a session has the ttl and the data with which it was created, without nulls': async (library) => {
    const d = { text: 'x', number: 1.5, yes: true, no: false, none: null, empty: '', zero: 0 };
    const token = await library.create({ app, id: 'alice', ip, ttl: 77, d });
    return library.call('get', { app, token });
  },
  'a ttl may be a string': async (library) => {
    const token = await library.create({ app, id: 'alice', ip, ttl: '77' });
    return library.call('get', { app, token });
  },
  'data that has only nulls counts as no data': async (library) => {
    const token = await library.create({ app, id: 'alice', ip, d: { a: null } });
    return library.call('get', { app, token });
  },
  'set merges key by key, deletes by null, and counts a write and no read': async (library) => {
    const token = await library.create({ app, id: 'alice', ip, d: { a: 1, b: 2 } });
    await library.call('get', { app, token });
    return [
      await library.call('set', { app, token, d: { a: null, c: 'new' } }),
      await library.call('set', { app, token, d: { b: 20 } }),
      await library.call('get', { app, token }),
    ];
  },
  'data is absent after its last key was deleted, and present again after the next set': async (library) => {
    const token = await library.create({ app, id: 'alice', ip, d: { a: 1 } });
    return [
      await library.call('set', { app, token, d: { a: null } }),
      await library.call('get', { app, token }),
      await library.call('set', { app, token, d: { b: 1 } }),
    ];
  },
  'deleting a key that does not exist is no error': async (library) => {
    const token = await library.create({ app, id: 'alice', ip });
    return library.call('set', { app, token, d: { a: null } });
  },
  'a missing session is null for get and set, and 0 for kill': async (library) => [
    await library.call('get', { app, token: unknownToken }),
    await library.call('set', { app, token: unknownToken, d: { a: 1 } }),
    await library.call('kill', { app, token: unknownToken }),
  ],
  'a session is ended once': async (library) => {
    const token = await library.create({ app, id: 'alice', ip });
    return [
      await library.call('kill', { app, token }),
      await library.call('kill', { app, token }),
      await library.call('get', { app, token }),
      await library.call('soid', { app, id: 'alice' }),
    ];
  },
  'sessions of different apps are separate': async (library) => {
    const token = await library.create({ app, id: 'alice', ip });
    return [
      await library.call('get', { app: 'other', token }),
      await library.call('kill', { app: 'other', token }),
      await library.call('soid', { app: 'other', id: 'alice' }),
      await library.call('killall', { app: 'other' }),
      await library.call('get', { app, token }),
    ];
  },
  'soid lists the sessions of an id': async (library) => {
    await library.create({ app, id: 'bob', ip });
    const token = await library.create({ app, id: 'alice', ip, d: { device: 'phone' } });
    await library.create({ app, id: 'alice', ip: '::1', ttl: 30 });
    await library.call('get', { app, token });
    await library.call('set', { app, token, d: { seen: true } });
    return [
      sortedByIp(await library.call('soid', { app, id: 'alice' })),
      await library.call('soid', { app, id: 'eve' }),
    ];
  },
  'killall ends every session of the app, and counts them': async (library) => {
    for (const id of ['alice', 'alice', 'bob']) await library.create({ app, id, ip });
    return [
      await library.call('killall', { app }),
      await library.call('killall', { app }),
      await library.call('activity', { app, deltaTime: 60 }),
      await library.call('soapp', { app, deltaTime: 60 }),
    ];
  },
  'killsoid ends the one session of an id': async (library) => {
    const token = await library.create({ app, id: 'alice', ip });
    const other = await library.create({ app, id: 'bob', ip });
    return [
      await library.call('killsoid', { app, id: 'alice' }),
      await library.call('killsoid', { app, id: 'alice' }),
      await library.call('get', { app, token }),
      await library.call('get', { app, token: other }),
      await library.call('activity', { app, deltaTime: 60 }),
    ];
  },
  'activity counts ids, not sessions': async (library) => {
    for (const id of ['alice', 'alice', 'bob']) await library.create({ app, id, ip });
    return [
      await library.call('activity', { app, deltaTime: 60 }),
      await library.call('activity', { app, deltaTime: '10' }),
    ];
  },
  'ids in any script are returned unchanged': async (library) => {
    const ids = ['日本語', 'a b', 'a:b:c', 'Ålice', '👩‍🚀', '%s ?*[]{}', 'ünï@example.com', '-', '0', 'a'.repeat(128)];
    const seen: unknown[] = [];
    for (const id of ids) {
      const token = await library.create({ app, id, ip });
      seen.push(await library.call('get', { app, token }), await library.call('killsoid', { app, id }));
    }
    return seen;
  },
  'ping is answered': (library) => library.call('ping', {}),
};

/** Scenarios in which time passes. */
const timed: Readonly<Record<string, Scenario>> = {
  'idle is the seconds since the last activity, and an activity resets it': async (library) => {
    const token = await library.create({ app, id: 'alice', ip });
    await library.pass(5);
    const first = await library.call('get', { app, token });
    const second = await library.call('get', { app, token });
    await library.pass(7);
    const third = await library.call('set', { app, token, d: { a: 1 } });
    return [first, second, third, await library.call('get', { app, token })];
  },
  'listing sessions is no activity': async (library) => {
    const token = await library.create({ app, id: 'alice', ip });
    await library.pass(5);
    const listed = await library.call('soid', { app, id: 'alice' });
    return [listed, await library.call('soapp', { app, deltaTime: 60 }), await library.call('get', { app, token })];
  },
  'a session is live while its idle time is equal to its ttl, and ends a second later': async (library) => {
    const last = await library.create({ app, id: 'alice', ip, ttl: 10 });
    await library.pass(10);
    const kept = await library.call('get', { app, token: last });
    const gone = await library.create({ app, id: 'bob', ip, ttl: 10 });
    await library.pass(11);
    return [
      kept,
      await library.call('get', { app, token: gone }),
      await library.call('set', { app, token: gone, d: { a: 1 } }),
      await library.call('kill', { app, token: gone }),
      await library.call('soid', { app, id: 'bob' }),
      await library.call('soapp', { app, deltaTime: 60 }),
    ];
  },
  'activity keeps a session alive': async (library) => {
    const token = await library.create({ app, id: 'alice', ip, ttl: 10 });
    const seen: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      await library.pass(8);
      seen.push(await library.call('get', { app, token }));
    }
    return seen;
  },
  'with no_resave the ttl is the remaining time, which activity does not extend': async (library) => {
    const token = await library.create({ app, id: 'alice', ip, ttl: 30, no_resave: true });
    const seen = [await library.call('get', { app, token })];
    for (let round = 0; round < 3; round += 1) {
      await library.pass(8);
      seen.push(await library.call('get', { app, token }));
    }
    seen.push(await library.call('soid', { app, id: 'alice' }));
    await library.pass(5);
    seen.push(await library.call('get', { app, token }));
    await library.pass(2);
    return [...seen, await library.call('get', { app, token })];
  },
  'soapp and activity count the given number of last seconds': async (library) => {
    await library.create({ app, id: 'alice', ip });
    await library.pass(15);
    await library.create({ app, id: 'bob', ip: '::1' });
    await library.pass(5);
    const looks: unknown[] = [];
    for (const deltaTime of [10, 19, 20, 60]) {
      looks.push(await library.call('soapp', { app, deltaTime }), await library.call('activity', { app, deltaTime }));
    }
    return looks;
  },
};

for (const [title, scenario] of Object.entries(scenarios)) {
  test(`as with redis-sessions: ${title}`, async (t) => {
    const expected = await scenario(theirs(t, server()));
    t.deepEqual(withoutHandles(await scenario(await oursInMemory(t))), expected);
    const startedAt = performance.now();
    const seen = withoutHandles(await scenario(oursOnRedis(t, server())));
    t.deepEqual(withoutIdleUpTo((performance.now() - startedAt) / 1_000, seen), expected);
  });
}

for (const [title, scenario] of Object.entries(timed)) {
  test(`as with redis-sessions: ${title}`, async (t) => {
    const expected = await scenario(theirs(t, server()));
    t.deepEqual(withoutHandles(await scenario(await oursInMemory(t))), expected);
  });
}

/** Removes the handles, which only our class returns. */
function withoutHandles(seen: unknown): unknown {
  return JSON.parse(JSON.stringify(seen, (key, value) => (key === 'handle' ? undefined : value)));
}

/**
 * Sets idle times of at most `seconds` to 0. The clock of Redis can't be stopped: on a busy machine seconds may pass between
 * two calls, but no more than the scenario took.
 */
function withoutIdleUpTo(seconds: number, seen: unknown): unknown {
  return JSON.parse(JSON.stringify(seen, (key, value) => (key === 'idle' && value <= seconds ? 0 : value)));
}

function sortedByIp(listed: unknown): unknown {
  const { sessions } = Object(listed);
  return [...sessions].sort((one, other) => (one.ip < other.ip ? -1 : 1));
}
