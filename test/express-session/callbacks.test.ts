import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { SessionMailboxStore } from '../../src/express-session/index.js';
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
  test(`${name} answers its callback once, later, and gives no promise then`, async (t) => {
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
    test(`${name} of a sid that is ${JSON.stringify(sid)} is an error, in either style`, async (t) => {
      const store = await start(t);
      const error = await new Promise((resolve) => calls[name]?.(store, sid, resolve));
      t.like(error, { code: 'INVALID_ARGUMENT', details: { argument: 'sid' } });
      const promised = name === 'set' || name === 'touch' ? store[name](sid, sessionData()) : store[name](sid);
      await t.throwsAsync(promised as Promise<unknown>, { code: 'INVALID_ARGUMENT' });
    });
  }
}

for (const session of [undefined, null, 5, 'text', []]) {
  test(`a session that is ${JSON.stringify(session)} is an error`, async (t) => {
    const store = await start(t);
    await t.throwsAsync(store.set('sid', session as never), { code: 'INVALID_ARGUMENT' });
    await t.throwsAsync(store.touch('sid', session as never), { code: 'INVALID_ARGUMENT' });
  });
}

test('a callback that can not be called is an error at once', async (t) => {
  const store = await start(t);
  t.throws(() => store.get('sid', 'callback' as never), { code: 'INVALID_ARGUMENT' });
});

for (const [option, value] of Object.entries({
  accountKey: 'cookie',
  visitorApp: 'a b',
  touchAfter: -1,
  dataMaxBytes: 0,
  cacheSize: 0,
  pingInterval: 0.5,
})) {
  test(`the option ${option} can not be ${JSON.stringify(value)}`, async (t) => {
    const { manager } = await startService(t);
    t.throws(() => new SessionMailboxStore(manager, { [option]: value }), { code: 'INVALID_ARGUMENT' });
  });
}

test('visitors can not be in the app of the logins, nor under a name that is too long', async (t) => {
  const { manager } = await startService(t);
  t.throws(() => new SessionMailboxStore(manager, { visitorApp: 'default' }), { code: 'INVALID_ARGUMENT' });
  const long = manager.inApp('x'.repeat(60));
  t.throws(() => new SessionMailboxStore(long), { code: 'INVALID_ARGUMENT', message: /visitorApp|app/ });
  t.notThrows(() => new SessionMailboxStore(long, { visitorApp: 'visitors' }));
});

test('a callback that throws is called once, and what it throws reaches the process', (t) => {
  const script = fileURLToPath(new URL('./throwing-callbacks.js', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 60_000 });
  t.is(stderr, '');
  t.is(status, 0);
  for (const name of Object.keys(calls)) t.regex(stdout, new RegExp(`^${name}: called 1, uncaught 1$`, 'm'));
});
