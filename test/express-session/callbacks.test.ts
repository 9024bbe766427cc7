import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { pollHandler, SessionMailboxStore } from '../../src/express-session/index.js';
import { limits } from '../support/limits.js';
import { startService } from '../support/service.js';
import { sessionData } from './session-data.js';

async function start(t: ExecutionContext) {
  const { manager } = await startService(t);
  const store = new SessionMailboxStore(manager);
  t.teardown(() => store.close());
  await store.set('sid', sessionData({ a: 1 }));
  return store;
}

type Answer = (error: unknown, result?: unknown) => void;

const calls: Readonly<Record<string, (store: SessionMailboxStore, sid: string, callback: Answer) => void>> = {
  get: (store, sid, callback) => store.get(sid, callback),
  set: (store, sid, callback) => store.set(sid, sessionData({ b: 1 }), callback),
  touch: (store, sid, callback) => store.touch(sid, sessionData(), callback),
  destroy: (store, sid, callback) => store.destroy(sid, callback),
  all: (store, _sid, callback) => store.all(callback),
  ids: (store, _sid, callback) => store.ids(callback),
  length: (store, _sid, callback) => store.length(callback),
  clear: (store, _sid, callback) => store.clear(callback),
};

for (const [name, call] of Object.entries(calls)) {
  test(`${name} calls its callback once, asynchronously, and returns no promise`, async (t) => {
    const store = await start(t);
    const answers: unknown[][] = [];
    t.is(
      call(store, 'sid', (...answer) => answers.push(answer)),
      undefined,
    );
    t.deepEqual(answers, []);
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    t.is(answers.length, 1);
    t.is(answers[0]?.[0], null);
  });
}

for (const name of ['get', 'set', 'touch', 'destroy'] as const) {
  for (const sid of ['', undefined, null, 5, {}] as string[]) {
    test(`${name} refuses the sid ${JSON.stringify(sid)}, through the callback and through the promise`, async (t) => {
      const store = await start(t);
      const error = await new Promise((resolve) => calls[name]?.(store, sid, resolve));
      t.like(error, { code: 'INVALID_ARGUMENT', details: { argument: 'sid' } });
      const promised = name === 'set' || name === 'touch' ? store[name](sid, sessionData()) : store[name](sid);
      await t.throwsAsync(promised as Promise<unknown>, { code: 'INVALID_ARGUMENT' });
    });
  }
}

for (const session of [undefined, null, 5, 'text', []]) {
  test(`set and touch refuse a session that is ${JSON.stringify(session)}`, async (t) => {
    const store = await start(t);
    await t.throwsAsync(store.set('sid', session as never), { code: 'INVALID_ARGUMENT' });
    await t.throwsAsync(store.touch('sid', session as never), { code: 'INVALID_ARGUMENT' });
  });
}

test('a callback that is not a function is refused synchronously', async (t) => {
  const store = await start(t);
  t.throws(() => store.get('sid', 'callback' as never), { code: 'INVALID_ARGUMENT' });
});

for (const [option, values] of Object.entries({
  accountKey: ['cookie', '', 5, null],
  visitorApp: ['a b', '', 'x'.repeat(65), 5],
  touchAfter: [-1, 2 ** 31, Number.NaN, '1'],
  dataMaxBytes: [0, 0.5],
  cacheSize: [0, 100_000_001],
  pingInterval: [0, 0.5, 2 ** 31],
})) {
  for (const value of values) {
    test(`the store refuses the option ${option} with the value ${JSON.stringify(value)}`, async (t) => {
      const { manager } = await startService(t);
      const error = t.throws(() => new SessionMailboxStore(manager, { [option]: value }), { code: 'INVALID_CONTEXT' });
      t.like(error, { details: { front: 'SessionMailboxStore', field: option } });
    });
  }
}

test('the store refuses an unknown option, and names the option that was probably meant', async (t) => {
  const { manager } = await startService(t);
  t.throws(() => new SessionMailboxStore(manager, { touchafter: 1 } as object), {
    code: 'INVALID_CONTEXT',
    message: 'SessionMailboxStore: touchafter is not an option; did you mean touchAfter?; got 1',
  });
});

test('pollHandler refuses unknown options, and origins that are not a list', async (t) => {
  const { manager } = await startService(t);
  const store = new SessionMailboxStore(manager);
  t.throws(() => pollHandler(manager, store, { trustedOrigin: [] } as object), {
    code: 'INVALID_CONTEXT',
    message: /^pollHandler: .*did you mean trustedOrigins\?/,
  });
  t.throws(() => pollHandler(manager, store, { trustedOrigins: 'https://a.example' } as never), {
    code: 'INVALID_CONTEXT',
  });
});

test("the store refuses the manager's app as the app of visitors, and a default app of visitors whose name would be too long", async (t) => {
  const { manager } = await startService(t);
  const refused = { code: 'INVALID_CONTEXT', message: /^SessionMailboxStore: visitorApp / };
  t.throws(() => new SessionMailboxStore(manager, { visitorApp: 'default' }), refused);
  const long = manager.inApp('x'.repeat(60));
  t.throws(() => new SessionMailboxStore(long), refused);
  t.notThrows(() => new SessionMailboxStore(long, { visitorApp: 'visitors' }));
});

test('a callback that throws is called once, and its exception is an uncaught exception of the process', (t) => {
  const script = fileURLToPath(new URL('./throwing-callbacks.js', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    timeout: limits.processes,
  });
  t.is(stderr, '');
  t.is(status, 0);
  for (const name of Object.keys(calls)) t.regex(stdout, new RegExp(`^${name}: called 1, uncaught 1$`, 'm'));
});
