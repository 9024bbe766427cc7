import test, { type ExecutionContext } from 'ava';
import type { StreamReceiver } from '../../src/index.js';
import { refusalOf, startService } from '../support/http-service.js';

/** Allows arguments of a wrong type, as code in JavaScript or with unchecked JSON passes them. */
function untyped<Arguments extends readonly unknown[], Result>(
  call: (...args: Arguments) => Result,
): (...args: unknown[]) => Result {
  return (...args) => Reflect.apply(call, undefined, args);
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

function cycle(): unknown {
  const value: Record<string, unknown> = {};
  value.self = { deep: [value] };
  return value;
}

function refuse(): never {
  throw new Error('from the value itself');
}

const throwing = {
  get boom() {
    return refuse();
  },
};

const notJson: readonly (readonly [what: string, value: unknown])[] = [
  ['undefined', undefined],
  ['a function', () => {}],
  ['a symbol', Symbol('s')],
  ['a BigInt', 1n],
  ['NaN', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['undefined in a list', [undefined]],
  ['a hole in a list', new Array(3)],
  ['a function within', { f: () => {} }],
  ['a BigInt within', { deep: [{ b: 1n }] }],
  ['NaN within', [Number.NaN]],
  ['a lone surrogate', 'a\ud800b'],
  ['a lone surrogate within', { text: ['\udc00'] }],
  ['a lone surrogate as a key', { '\ud800': 1 }],
  ['a cycle', cycle()],
  ['nesting of 65 levels', nested(65)],
  ['nesting of 100 000 levels', nested(100_000)],
  ['a getter that throws', throwing],
  ['a toJSON that throws', { toJSON: refuse }],
  ['a toJSON that gives nothing', { toJSON: () => undefined }],
  ['a toJSON that gives a BigInt', { toJSON: () => 1n }],
  ['a toJSON that gives a lone surrogate', { toJSON: () => '\ud800' }],
  ['a toJSON that gives deep nesting', { toJSON: () => nested(1_000) }],
  ['a proxy that refuses', new Proxy({}, { ownKeys: refuse })],
];

async function refusesAll(t: ExecutionContext, act: (value: unknown) => Promise<unknown>): Promise<void> {
  for (const [what, value] of notJson) t.is(await refusalOf(() => act(value)), 'INVALID_ARGUMENT', what);
}

test('message data that is not JSON: refused as INVALID_ARGUMENT, and nothing has changed', async (t) => {
  const { container, manager } = await startService();
  const { id } = await manager.createSession('alice');
  await refusesAll(t, (value) => manager.push(id, value));
  await refusesAll(t, (value) => manager.pushToAccount('alice', value));
  await refusesAll(t, (value) => manager.pushToApp(value));
  t.is((await manager.getSession(id)).undelivered, 0);
  t.is((await manager.push(id, nested(64))).accepted, 1);
  t.is((await manager.poll(id, { after: '', wait: 0 })).messages[0]?.offset, 1);
  await container.unbindAllAsync();
});

test('an attribute that is not JSON: refused as INVALID_ARGUMENT, and nothing has changed', async (t) => {
  const { container, manager } = await startService();
  const session = await manager.createSession('alice', { attributes: { kept: true } });
  const setAttr = untyped(session.setAttr.bind(session));
  await refusesAll(t, (value) => setAttr('key', value));
  const createSession = untyped(manager.createSession.bind(manager));
  await refusesAll(t, (value) => createSession('bob', { attributes: { fine: 1, key: value } }));
  t.deepEqual((await manager.getSession(session.id)).getAllAttr(), { kept: true });
  t.is((await manager.sessionsOfAccount('bob')).length, 0);
  await container.unbindAllAsync();
});

test('prototype pollution by attribute keys: reserved and malformed keys are refused, and no prototype changes', async (t) => {
  const { container, manager } = await startService();
  const session = await manager.createSession('alice');
  const setAttr = untyped(session.setAttr.bind(session));
  const keys = ['__proto__', 'constructor', 'prototype', '', 'a'.repeat(129), 'a\u0000b', 'a\nb', '\ud800'];
  for (const key of [...keys, null, undefined, 7, {}, ['a'], Symbol('s')]) {
    t.is(await refusalOf(() => setAttr(key, { polluted: true })), 'INVALID_ARGUMENT', String(key));
    t.is(await refusalOf(() => untyped(session.removeAttr.bind(session))(key)), 'INVALID_ARGUMENT', String(key));
  }
  const attributes = JSON.parse('{"__proto__":{"polluted":true}}');
  t.is(await refusalOf(() => manager.createSession('bob', { attributes })), 'INVALID_ARGUMENT');
  t.false('polluted' in {});
  for (const key of ['toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']) {
    t.is(session.getAttr(key), undefined, 'an inherited member is not an attribute');
    await session.setAttr(key, 'own');
    t.is(session.getAttr(key), 'own');
  }
  await container.unbindAllAsync();
});

test('prototype pollution by message data: it is delivered unchanged, and no prototype changes', async (t) => {
  const { container, manager } = await startService();
  const { id } = await manager.createSession('alice');
  const data = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
  await manager.push(id, data, { key: '__proto__' });
  await manager.push(id, 'newer', { key: '__proto__' });
  await manager.push(id, data, { key: 'constructor' });
  const { messages } = await manager.poll(id, { after: '', wait: 0, reader: '__proto__' });
  t.deepEqual(
    messages.map(({ offset }) => offset),
    [2, 3],
  );
  t.is(messages[1]?.json, JSON.stringify(data));
  t.false('polluted' in {});
  await container.unbindAllAsync();
});

test('wrong options: lists, strings and null instead of an object are refused', async (t) => {
  const { container, manager } = await startService();
  const createSession = untyped(manager.createSession.bind(manager));
  for (const attributes of [null, 'text', 7, true, ['a'], () => {}]) {
    t.is(await refusalOf(() => createSession('alice', { attributes })), 'INVALID_ARGUMENT', String(attributes));
  }
  for (const ttl of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, 1n, {}]) {
    t.is(await refusalOf(() => createSession('alice', { ttl })), 'INVALID_ARGUMENT', String(ttl));
  }
  for (const ip of [null, 7, {}, 'x'.repeat(65), 'a\nb']) {
    t.is(await refusalOf(() => createSession('alice', { ip })), 'INVALID_ARGUMENT', String(ip));
  }
  t.is((await manager.sessionsOfAccount('alice')).length, 0);
  await container.unbindAllAsync();
});

test('misspelt options: every method refuses them, names the option that was probably meant, and changes nothing', async (t) => {
  const { container, manager } = await startService();
  const kept = await manager.createSession('alice');
  await manager.push(kept.id, 'waits');
  const failureOf = (start: (receiver: StreamReceiver) => unknown) =>
    new Promise((_resolve, reject) => start({ deliver: () => {}, beat: () => {}, fail: reject }));
  const calls: readonly (readonly [expected: RegExp, call: (options: never) => Promise<unknown>, options: object])[] = [
    [/did you mean except\?; got "exept"/, (options) => manager.closeAccount('alice', options), { exept: kept.id }],
    [/may only be reason; got "except"/, (options) => manager.closeApp(options), { except: kept.id }],
    [/did you mean attributes\?/, (options) => manager.createSession('alice', options), { attribute: {} }],
    [/did you mean ttl\?/, (options) => manager.createNamedSession('alice', 'tab', options), { tll: 1 }],
    [/did you mean key\?/, (options) => manager.push(kept.id, 1, options), { kye: 'k' }],
    [/did you mean key\?/, (options) => manager.pushToAccount('alice', 1, options), { kye: 'k' }],
    [/did you mean key\?/, (options) => manager.pushToApp(1, options), { kye: 'k' }],
    [/did you mean after\?/, (options) => manager.poll(kept.id, options), { afer: '' }],
    [/did you mean after\?/, (options) => failureOf((each) => manager.pollInto(kept, options, each)), { afer: '' }],
    [/did you mean ack\?/, (options) => failureOf((each) => manager.streamInto(kept, options, each)), { akc: 'sent' }],
    [/did you mean activity\?/, (options) => manager.renewSession(kept.id, options), { activty: false }],
    [/did you mean keepOpen\?/, (options) => manager.rotateToken(kept.id, options), { keepopen: true }],
    [/did you mean level\?/, (options) => manager.reauthenticated(kept.id, options), { leve: 2 }],
    [/did you mean limit\?/, (options) => manager.sessionsOfApp(options), { limits: 1 }],
    [/may only be reader, limit; got "after"/, (options) => kept.drain(options), { after: '' }],
    [/did you mean ip\?/, (options) => manager.authenticate(kept.token, options), { ipp: '192.0.2.1' }],
    [/did you mean userAgent\?/, (options) => manager.authenticate(kept.token, options), { useragent: 'Firefox' }],
    [/ip must be a string/, (options) => manager.authenticate(kept.token, options), { ip: 'x'.repeat(65) }],
  ];
  for (const [message, call, options] of calls) {
    await t.throwsAsync(call(options as never), { code: 'INVALID_ARGUMENT', message });
  }
  const { messages } = await manager.poll(kept.id, { after: '', wait: 0 });
  t.is(messages.length, 1);
  t.is((await manager.sessionsOfAccount('alice')).length, 1);
  t.is((await manager.authenticate(kept.token)).reads, 1);
  await container.unbindAllAsync();
});

test('wrong accounts: a value that is not plain text of 1 to 256 characters is refused by every method', async (t) => {
  const { container, manager } = await startService();
  const wrong = [
    '',
    'a'.repeat(257),
    'a\u0000',
    'a\r\nSet-Cookie: x=y',
    '\u0085',
    '\ud800',
    null,
    undefined,
    7,
    {},
    [],
    1n,
  ];
  for (const account of [...wrong, Symbol('s'), JSON.parse('{"__proto__":1}')]) {
    const what = typeof account === 'object' ? JSON.stringify(account) : String(account);
    for (const call of [
      untyped(manager.createSession.bind(manager)),
      untyped(manager.sessionsOfAccount.bind(manager)),
      untyped(manager.closeAccount.bind(manager)),
    ]) {
      t.is(await refusalOf(() => call(account)), 'INVALID_ARGUMENT', what);
    }
    t.is(await refusalOf(() => untyped(manager.pushToAccount.bind(manager))(account, 1)), 'INVALID_ARGUMENT', what);
  }
  t.is((await manager.sessionsOfApp()).sessions.length, 0);
  for (const fine of ['__proto__', 'constructor', 'ünï ☃', 'a/../b', '<script>', "' OR 1=1", '😀'.repeat(128)]) {
    const { id } = await manager.createSession(fine);
    t.deepEqual(
      (await manager.sessionsOfAccount(fine)).map((session) => session.id),
      [id],
    );
  }
  await container.unbindAllAsync();
});

test('wrong ids and tokens: values of any type are answered as unknown sessions', async (t) => {
  const { container, manager } = await startService();
  const { id } = await manager.createSession('alice');
  for (const wrong of ['', 'x', '__proto__', `${id} `, `${id}\n`, null, undefined, 7, {}, [id], Symbol('s'), 1n]) {
    for (const call of [
      untyped(manager.authenticate.bind(manager)),
      untyped(manager.getSession.bind(manager)),
      untyped(manager.rotateToken.bind(manager)),
      untyped(manager.poll.bind(manager)),
    ]) {
      t.is(await refusalOf(() => call(wrong)), 'SESSION_UNKNOWN', String(wrong));
    }
    t.is(await refusalOf(() => untyped(manager.push.bind(manager))(wrong, 1)), 'SESSION_UNKNOWN');
    t.is(await refusalOf(() => untyped(manager.replaceSession.bind(manager))(wrong, id)), 'SESSION_UNKNOWN');
    t.is(await refusalOf(() => untyped(manager.replaceSession.bind(manager))(id, wrong)), 'SESSION_UNKNOWN');
    t.is(await untyped(manager.closeSession.bind(manager))(wrong), false);
  }
  t.is((await manager.sessionsOfAccount('alice')).length, 1);
  await container.unbindAllAsync();
});

test('a session that replaces itself: refused, and the session stays live', async (t) => {
  const { container, manager } = await startService();
  const { id } = await manager.createSession('alice');
  await manager.push(id, 'kept');
  t.is(await refusalOf(() => manager.replaceSession(id, id)), 'INVALID_ARGUMENT');
  t.is((await manager.getSession(id)).undelivered, 1);
  await container.unbindAllAsync();
});
