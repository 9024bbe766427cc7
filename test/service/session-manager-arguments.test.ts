import test from 'ava';
import type { CreateOptions, SessionManager } from '../../src/index.js';
import { startService, throwsCode } from '../support/service.js';

const long = 'x'.repeat(257);

const badAccountIds: readonly unknown[] = ['', long, 'a\nb', '\u0000', '\u0085', 'a\ud800', 5, null, undefined, {}];
const badOptions: readonly [string, Record<string, unknown>][] = [
  ['ip', { ip: 5 }],
  ['ip', { ip: null }],
  ['ip', { ip: 'x'.repeat(65) }],
  ['ip', { ip: '::1\r\n' }],
  ['userAgent', { userAgent: 5 }],
  ['userAgent', { userAgent: null }],
  ['ttl', { ttl: 0 }],
  ['ttl', { ttl: -1 }],
  ['ttl', { ttl: 1.5 }],
  ['ttl', { ttl: '1000' }],
  ['ttl', { ttl: Number.POSITIVE_INFINITY }],
  ['maxAge', { maxAge: -1 }],
  ['maxAge', { maxAge: Number.NaN }],
  ['maxAge', { maxAge: null }],
  ['attributes', { attributes: null }],
  ['attributes', { attributes: 'theme' }],
  ['attributes', { attributes: ['theme'] }],
  ['attribute key', { attributes: JSON.parse('{"__proto__":1}') }],
  ['attribute key', { attributes: { constructor: 1 } }],
  ['attribute key', { attributes: { '': 1 } }],
  ['attribute key', { attributes: { 'a\tb': 1 } }],
  ['attribute key', { attributes: { ['k'.repeat(129)]: 1 } }],
  ['attribute theme', { attributes: { theme: undefined } }],
  ['attribute theme', { attributes: { theme: 1n } }],
  ['attribute theme', { attributes: { theme: { deep: [() => {}] } } }],
];

test('an account id of a wrong shape is INVALID_ARGUMENT for every method that takes one', async (t) => {
  const { manager } = await startService(t);
  for (const accountId of badAccountIds as readonly string[]) {
    for (const call of [
      manager.createSession(accountId),
      manager.closeAccount(accountId),
      manager.sessionsOfAccount(accountId),
      manager.pushToAccount(accountId, 'hi'),
    ]) {
      t.is((await throwsCode(t, call, 'INVALID_ARGUMENT')).details.argument, 'accountId');
    }
  }
});

test('an account id can be any other text', async (t) => {
  const { manager } = await startService(t);
  for (const accountId of ['a', 'x'.repeat(256), 'ä@例え.jp', ' ', '__proto__', 'constructor', '{tag}', '😀']) {
    const { id } = await manager.createSession(accountId);
    t.deepEqual(
      (await manager.sessionsOfAccount(accountId)).map((session) => session.id),
      [id],
    );
  }
});

for (const [argument, options] of badOptions) {
  const shown = Object.entries(options).map(
    ([key, value]) =>
      `${key} ${typeof value} ${String(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? 'bigint' : each))).slice(0, 40)}`,
  );
  test(`a session is not created with ${shown}: ${argument} is INVALID_ARGUMENT`, async (t) => {
    const { manager, events } = await startService(t);
    const error = await throwsCode(t, manager.createSession('alice', options as CreateOptions), 'INVALID_ARGUMENT');
    t.is(error.details.argument, argument);
    t.deepEqual(await manager.sessionsOfAccount('alice'), []);
    t.deepEqual(events.names, []);
  });
}

test('an app of a wrong shape is INVALID_ARGUMENT', async (t) => {
  const { manager } = await startService(t);
  for (const app of ['', 'a b', 'ä', 'x'.repeat(65), 'a/b', '{x}', 5, null, undefined] as string[]) {
    t.throws(() => manager.inApp(app), { code: 'INVALID_ARGUMENT' });
  }
  for (const app of ['a', 'A-z_9', 'x'.repeat(64), '__proto__']) t.is(manager.inApp(app).app, app);
});

/** Every method with options, called with a value that is not an options object. */
const optionCalls: Record<string, (manager: SessionManager, wrong: never, id: string) => Promise<unknown>> = {
  createSession: (manager, wrong) => manager.createSession('bob', wrong),
  createNamedSession: (manager, wrong) => manager.createNamedSession('bob', 'phone', wrong),
  renewSession: (manager, wrong, id) => manager.renewSession(id, wrong),
  rotateToken: (manager, wrong, id) => manager.rotateToken(id, wrong),
  reauthenticated: (manager, wrong, id) => manager.reauthenticated(id, wrong),
  closeAccount: (manager, wrong) => manager.closeAccount('alice', wrong),
  closeApp: (manager, wrong) => manager.closeApp(wrong),
  sessionsOfApp: (manager, wrong) => manager.sessionsOfApp(wrong),
  push: (manager, wrong, id) => manager.push(id, 'hi', wrong),
  pushToAccount: (manager, wrong) => manager.pushToAccount('alice', 'hi', wrong),
  pushToApp: (manager, wrong) => manager.pushToApp('hi', wrong),
  poll: (manager, wrong, id) => manager.poll(id, wrong),
  pollInto: (manager, wrong, id) => new Promise((deliver, fail) => void manager.pollInto(id, wrong, { deliver, fail })),
  streamInto: (manager, wrong, id) =>
    new Promise((deliver, fail) => void manager.streamInto(id, wrong, { deliver, fail, beat() {} })),
};

for (const [name, call] of Object.entries(optionCalls)) {
  test(`${name} with options that are not an object rejects with INVALID_ARGUMENT, and changes nothing`, async (t) => {
    const { manager, events } = await startService(t);
    const { id } = await manager.createSession('alice');
    events.clear();
    for (const wrong of [null, 'wait=0', 5, true]) {
      t.is((await throwsCode(t, call(manager, wrong as never, id), 'INVALID_ARGUMENT')).details.argument, 'options');
    }
    t.deepEqual(events.names, []);
    t.is((await manager.poll(id, { wait: 0 })).messages.length, 0);
  });
}

test('a poll with a signal that is not an AbortSignal rejects with INVALID_ARGUMENT', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  for (const signal of [{}, null, 'stop', { throwIfAborted() {} }]) {
    const error = await throwsCode(t, manager.poll(id, { signal: signal as never, wait: 0 }), 'INVALID_ARGUMENT');
    t.is(error.details.argument, 'signal');
  }
});

/** Every method with the id of a session, called with a wrong value. */
const idCalls: Record<string, (manager: SessionManager, wrong: string, id: string) => Promise<unknown>> = {
  getSession: (manager, wrong) => manager.getSession(wrong),
  patchSession: (manager, wrong) => manager.patchSession(wrong, { theme: 'dark' }),
  renewSession: (manager, wrong) => manager.renewSession(wrong),
  rotateToken: (manager, wrong) => manager.rotateToken(wrong),
  'replaceSession newId': (manager, wrong, id) => manager.replaceSession(wrong, id),
  'replaceSession oldId': (manager, wrong, id) => manager.replaceSession(id, wrong),
  closeSession: (manager, wrong) => manager.closeSession(wrong),
  'closeAccount except': (manager, wrong) => manager.closeAccount('alice', { except: wrong }),
  push: (manager, wrong) => manager.push(wrong, 'hi'),
  poll: (manager, wrong) => manager.poll(wrong, { wait: 0 }),
  pollInto: (manager, wrong) => new Promise((deliver, fail) => void manager.pollInto(wrong, {}, { deliver, fail })),
};

for (const [name, call] of Object.entries(idCalls)) {
  test(`${name} with a token instead of the id is INVALID_ARGUMENT, and the error does not quote the token`, async (t) => {
    const { manager } = await startService(t);
    const { id, token } = await manager.createSession('alice');
    const other = await manager.createSession('alice');
    const error = await throwsCode(t, call(manager, token, other.id), 'INVALID_ARGUMENT');
    t.is(error.details.argument, name.split(' ')[1] ?? 'id');
    t.regex(error.message, /must be the id of a session, and a token was given/);
    for (const text of [error.message, error.stack ?? '', JSON.stringify(error.details)]) {
      t.false(text.includes(token.slice(0, 24)));
      t.false(text.includes(token.slice(24)));
    }
    t.is((await manager.authenticate(token)).id, id, 'nothing has changed');
    t.is((await manager.sessionsOfAccount('alice')).length, 2);
  });
}
