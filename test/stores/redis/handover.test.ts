import test, { type ExecutionContext } from 'ava';
import { Trial, valuesOf } from '../../../src/conformance/trial.js';
import { SessionContext, type SessionContextOptions } from '../../../src/index.js';
import { CallQueue } from '../../../src/stores/redis/call-queue.js';
import type { Call, Calls } from '../../../src/stores/redis/calls.js';
import { RedisConnection } from '../../../src/stores/redis/connection.js';
import { Handover } from '../../../src/stores/redis/handover.js';
import { RedisStore } from '../../../src/stores/redis/index.js';
import { Keys } from '../../../src/stores/redis/keys.js';
import { Program, serverTime } from '../../../src/stores/redis/program.js';
import { checkRedisOptions } from '../../../src/stores/redis/redis-options.js';
import { eventually } from '../../support/eventually.js';
import { freshPrefix } from './exact-clock.js';
import { serverFor } from './places.js';
import { refusalOf } from './replicas/replicated-stage.js';
import { app, outgoing } from './workload.js';

const server = serverFor(test);

/** Calls that run an action before each call of an operation. */
class InterruptedCalls implements Calls {
  /** The operations of the calls that were answered. */
  readonly answered: string[] = [];
  readonly #calls: Calls;
  readonly #before = new Map<string, () => Promise<unknown>>();

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  before(operation: string, act: () => Promise<unknown>): void {
    this.#before.set(operation, act);
  }

  beforeFirst(operation: string, act: () => Promise<unknown>): void {
    this.before(operation, () => {
      this.#before.delete(operation);
      return act();
    });
  }

  async call<Result>(call: Call<Result>): Promise<Result> {
    await this.#before.get(call.operation)?.();
    const reply = await this.#calls.call(call);
    this.answered.push(call.operation);
    return reply;
  }

  settle(): Promise<void> {
    return this.#calls.settle();
  }
}

/** Logs in two sessions whose buckets differ, so that a handover takes several steps as on a Cluster. */
async function start(t: ExecutionContext, changes: SessionContextOptions = {}) {
  const context = { gcTime: 600_000, ...changes };
  const options = checkRedisOptions({ url: server().url, keyPrefix: freshPrefix(), buckets: 16 });
  const { keyPrefix, buckets } = options;
  const store = new RedisStore(new SessionContext(context), options);
  const trial = new Trial({ store, advance: async () => {}, close: () => store.close() }, 1, context);
  await store.open(trial);
  t.teardown(() => trial.close());
  const connection = new RedisConnection(options);
  await connection.open(
    () => {},
    () => {},
  );
  t.teardown(() => connection.close());
  const settings = { keyPrefix, isCluster: false, timeSource: serverTime };
  const calls = new InterruptedCalls(new CallQueue(connection, new Program(new SessionContext(context), settings)));
  const handover = new Handover(calls, new Keys(keyPrefix, buckets), true);
  let number = 0;
  while (store.idPrefix(app, 'old') === store.idPrefix(app, `new-${number}`)) number += 1;
  const [old, fresh] = [await trial.login('old'), await trial.login(`new-${number}`)];
  return { trial, store, calls, handover, old: old.id, fresh: fresh.id };
}

test('a message pushed between the offer and the end of the old session comes after those pushed before', async (t) => {
  const { trial, calls, handover, old, fresh } = await start(t);
  await trial.push(fresh, 'own');
  await trial.push(old, 1, 2);
  calls.beforeFirst('surrender', () => trial.push(old, 3, 4));
  const { closed } = await handover.replace(app, fresh, old);
  const { messages, lost } = await trial.read(fresh);
  t.deepEqual([valuesOf({ messages }), lost, closed.undelivered], [[1, 2, 'own', 3, 4], 0, 0]);
});

test('of messages with the same key, the one pushed between the offer and the end is kept', async (t) => {
  const { trial, store, calls, handover, old, fresh } = await start(t);
  await store.append(app, old, outgoing('outdated', 'k'));
  await trial.push(old, 'other');
  calls.beforeFirst('surrender', () => store.append(app, old, outgoing('latest', 'k')));
  await handover.replace(app, fresh, old);
  const { messages, lost } = await trial.read(fresh);
  t.deepEqual([valuesOf({ messages }), lost], [['other', 'latest'], 0]);
});

test('a poll held for the new session is answered when it inherits a message that was pushed after the offer', async (t) => {
  const { trial, calls, handover, old, fresh } = await start(t);
  calls.beforeFirst('surrender', () => trial.push(old, 'meanwhile'));
  await trial.park(fresh);
  await handover.replace(app, fresh, old);
  t.is((await trial.notice('changed', fresh)).kind, 'changed');
  t.deepEqual(valuesOf(await trial.read(fresh)), ['meanwhile']);
});

test('attributes of the old session that are patched between the offer and its end are inherited with the last values', async (t) => {
  const { store, calls, handover, old, fresh } = await start(t, { attributesMaxBytes: 40 });
  await store.patch(app, old, { kept: '1', changed: '1', deleted: '1', both: '1' });
  calls.before('inherit', () => store.patch(app, fresh, { own: '"new"' }));
  calls.beforeFirst('surrender', async () => {
    await store.patch(app, old, { changed: '2', deleted: null, both: '2', own: '"old"' });
    await store.patch(app, fresh, { both: '3' });
  });
  const { record } = await handover.replace(app, fresh, old);
  const expected = { kept: '1', changed: '2', both: '3', own: '"new"' };
  t.deepEqual({ ...record.attributes }, expected);
  t.deepEqual({ ...(await store.get(app, fresh)).attributes }, expected);
});

test('attributes patched after the offer are inherited even beyond the limit', async (t) => {
  const { store, calls, handover, old, fresh } = await start(t, { attributesMaxBytes: 40 });
  const [long, other] = [`"${'x'.repeat(30)}"`, `"${'y'.repeat(30)}"`];
  await store.patch(app, fresh, { a: other });
  calls.beforeFirst('surrender', () => store.patch(app, old, { b: long }));
  const { record } = await handover.replace(app, fresh, old);
  t.deepEqual({ ...record.attributes }, { a: other, b: long });
});

test('attributes that a session has none of yet can be inherited at the end of the old session; the last one can be deleted', async (t) => {
  const { store, calls, handover, old, fresh } = await start(t);
  calls.beforeFirst('surrender', () => store.patch(app, old, { a: '1' }));
  await handover.replace(app, fresh, old);
  const [key = ''] = await server().client.keys(`*}:as:*${fresh}`);
  t.true((await server().client.pttl(key)) > 0);
  const next = await start(t);
  await next.store.patch(app, next.old, { a: '1' });
  next.calls.beforeFirst('surrender', () => next.store.patch(app, next.old, { a: null }));
  const { record } = await next.handover.replace(app, next.fresh, next.old);
  t.deepEqual({ ...record.attributes }, {});
});

test('a handover that fails rejects with its own error, even when the offer can not be withdrawn either', async (t) => {
  const { calls, handover, old, fresh } = await start(t);
  const fail = (text: string) => () => Promise.reject(new Error(text));
  calls.before('inherit', fail('the first'));
  calls.before('withdraw', fail('the second'));
  await t.throwsAsync(handover.replace(app, fresh, old), { message: 'the first' });
});

test.serial('changes after the offer are inherited although memory is used up by then', async (t) => {
  const { trial, store, calls, handover, old, fresh } = await start(t);
  calls.beforeFirst('surrender', async () => {
    await trial.push(old, 'meanwhile');
    await store.patch(app, old, { a: '1' });
  });
  t.teardown(() => server().client.config('SET', 'maxmemory', '0'));
  calls.before('inheritSince', () => server().client.config('SET', 'maxmemory', '1'));
  const { record } = await handover.replace(app, fresh, old);
  await server().client.config('SET', 'maxmemory', '0');
  t.deepEqual({ ...record.attributes }, { a: '1' });
  t.deepEqual(valuesOf(await trial.read(fresh)), ['meanwhile']);
});

test('when two sessions replace each other at the same time, one stays, with the messages of both', async (t) => {
  const { trial, store, calls, handover, old, fresh } = await start(t);
  await trial.push(old, 'old');
  await trial.push(fresh, 'new');
  let offers = 0;
  let goOn = () => {};
  const bothOffered = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  calls.before('inherit', () => {
    offers += 1;
    if (offers === 2) goOn();
    return bothOffered;
  });
  await Promise.allSettled([handover.replace(app, fresh, old), handover.replace(app, old, fresh)]);
  const found = await Promise.allSettled([store.get(app, old), store.get(app, fresh)]);
  const live = found.flatMap((result) => (result.status === 'fulfilled' ? [result.value.id] : []));
  t.is(live.length, 1);
  for (const id of live) t.deepEqual(valuesOf(await trial.read(id)).toSorted(), ['new', 'old']);
});

test('after a node died during a handover and its claim expired, the claimed session can be a receiver', async (t) => {
  const { trial, store, calls, handover, old, fresh } = await start(t);
  await trial.push(old, 'hi');
  calls.before('inherit', async () => {
    throw new Error('the node died');
  });
  calls.before('withdraw', async () => {
    throw new Error('the node died');
  });
  await t.throwsAsync(handover.replace(app, fresh, old));
  calls.before('inherit', async () => {});
  calls.before('withdraw', async () => {});
  await trial.push(fresh, 'own');
  await handover.replace(app, old, fresh);
  t.deepEqual(valuesOf(await trial.read(old)), ['own', 'hi']);
  await t.throwsAsync(store.get(app, fresh), { code: 'SESSION_CLOSED' });
});

test('when a node dies as the old session changes during a handover, the old session is alive and has the changes', async (t) => {
  const { trial, store, calls, handover, old, fresh } = await start(t);
  calls.beforeFirst('surrender', async () => {
    await trial.push(old, 'meanwhile');
    await store.patch(app, old, { a: '1' });
  });
  for (const operation of ['inheritSince', 'withdraw']) {
    calls.before(operation, () => Promise.reject(new Error('the node died')));
  }
  await t.throwsAsync(handover.replace(app, fresh, old), { message: 'the node died' });
  t.deepEqual({ ...(await store.get(app, old)).attributes }, { a: '1' });
  t.deepEqual(valuesOf(await trial.read(old)), ['meanwhile']);
});

test('a session that changes at each step of a handover is replaced all the same, and its changes are inherited', async (t) => {
  const { trial, calls, handover, old, fresh } = await start(t);
  let pushed = 0;
  calls.before('surrender', () => {
    pushed += 1;
    return trial.push(old, pushed);
  });
  await handover.replace(app, fresh, old);
  const { messages, lost } = await trial.read(fresh);
  t.deepEqual([valuesOf({ messages }), lost], [Array.from({ length: pushed }, (_each, index) => index + 1), 0]);
});

test('when a session replaces its receiver after the claim expired, one stays, with the messages of both', async (t) => {
  const { trial, store, calls, handover, old, fresh } = await start(t);
  await trial.push(old, 'old');
  await trial.push(fresh, 'new');
  calls.beforeFirst('surrender', async () => {
    const [claim = ''] = await server().client.keys(`*}:cs:*${old}`);
    await server().client.del(claim);
    await handover.replace(app, old, fresh);
  });
  const { details } = await refusalOf(handover.replace(app, fresh, old));
  t.true(details.unsure);
  await t.throwsAsync(store.get(app, fresh), { code: 'SESSION_CLOSED' });
  const values = valuesOf(await trial.read(old));
  t.deepEqual([...new Set(values)].toSorted(), ['new', 'old']);
});

test('when the same replacement is requested twice at once, each message is inherited once', async (t) => {
  const { trial, calls, handover, old, fresh } = await start(t);
  await trial.push(old, 'hi');
  let again: Promise<unknown> = Promise.resolve();
  calls.beforeFirst('surrender', async () => {
    again = t.throwsAsync(handover.replace(app, fresh, old), { code: 'SESSION_CLOSED' });
    await eventually(() => calls.answered.filter((operation) => operation === 'offer').length > 1);
  });
  await handover.replace(app, fresh, old);
  await again;
  t.deepEqual(valuesOf(await trial.read(fresh)), ['hi']);
});
