import test from 'ava';
import { serverFor } from '../../../stores/redis/places.js';
import { app, ip, type Library, oursInMemory, theirs, unknownToken } from './libraries.js';

const server = serverFor(test);

const long = 'x'.repeat(200);

/** Calls that both refuse, with the same name and message. */
const refused: readonly (readonly [method: string, options: object])[] = [
  ...['create', 'get', 'set', 'kill', 'killall', 'killsoid', 'soid', 'soapp', 'activity'].flatMap(
    (method): (readonly [string, object])[] => [
      [method, {}],
      [method, { app: '' }],
      [method, { app: null }],
      [method, { app: 'ab' }],
      [method, { app: 'a'.repeat(21) }],
      [method, { app: 'a b c' }],
      [method, { app: 'äöü' }],
      [method, { app: 'app\n' }],
    ],
  ),
  ...['create', 'soid', 'killsoid'].flatMap((method): (readonly [string, object])[] => [
    [method, { app }],
    [method, { app, id: '' }],
    [method, { app, id: 0 }],
    [method, { app, id: null }],
    [method, { app, id: 'a\nb' }],
    [method, { app, id: 'a\u2028b' }],
  ]),
  ...['get', 'set', 'kill'].flatMap((method): (readonly [string, object])[] => [
    [method, { app }],
    [method, { app, token: '' }],
    [method, { app, token: 'x'.repeat(63) }],
    [method, { app, token: 'x'.repeat(65) }],
    [method, { app, token: '-'.repeat(64) }],
    [method, { app, token: `${'x'.repeat(64)}\n` }],
  ]),
  ['create', { app, id: 'alice' }],
  ['create', { app, id: 'alice', ip: '' }],
  ['create', { app, id: 'alice', ip: 'x'.repeat(40) }],
  ['create', { app, id: 'alice', ip: 'a\nb' }],
  ...[9, -5, 'soon', '9', {}, [], true, 1e21, Number.NaN]
    .map((ttl): readonly [string, object] => ['create', { app, id: 'alice', ip, ttl }])
    .filter(([, options]) => !('ttl' in options && Number.isNaN(options.ttl))),
  ...['activity', 'soapp'].flatMap((method) =>
    [undefined, 9, -5, 0, 'soon', '', null, {}, [], true, Number.NaN].map((deltaTime): readonly [string, object] => [
      method,
      { app, deltaTime },
    ]),
  ),
  ['set', { app, token: unknownToken }],
  ['set', { app, token: unknownToken, d: null }],
  ['set', { app, token: unknownToken, d: 0 }],
  ['set', { app, token: unknownToken, d: '' }],
  ...[5, 'text', true, [], [1], {}].flatMap((d): (readonly [string, object])[] => [
    ['set', { app, token: unknownToken, d }],
    ['create', { app, id: 'alice', ip, d }],
  ]),
  ...[
    { a: {} },
    { a: [] },
    { b: 1, a: undefined },
    { a: () => {} },
    { a: new Date() },
    { '': {} },
    { [long.slice(0, 128)]: {} },
  ].flatMap((d): (readonly [string, object])[] => [
    ['set', { app, token: unknownToken, d }],
    ['create', { app, id: 'alice', ip, d }],
  ]),
  // If there are several faults, the first one counts.
  ['create', { app: '', id: '', ip: '', ttl: 1, d: 5 }],
  ['create', { app, id: '', ip: '', ttl: 1, d: 5 }],
  ['create', { app, id: 'alice', ip: '', ttl: 1, d: 5 }],
  ['create', { app, id: 'alice', ip, ttl: 1, d: 5 }],
  ['set', { app: 'a', token: '', d: 5 }],
  ['set', { app, token: '', d: 5 }],
  ['set', { app, token: 'x', d: 5 }],
  ['soapp', { app: '', deltaTime: 1 }],
];

test('arguments that redis-sessions refuses are refused with the same name and message', async (t) => {
  const [one, other] = [theirs(t, server()), await oursInMemory(t)];
  for (const [method, options] of refused) {
    const expected = await refusalOf(one, method, options);
    t.deepEqual(await refusalOf(other, method, options), expected, `${method} ${JSON.stringify(options)}`);
  }
});

async function refusalOf(library: Library, method: string, options: object): Promise<unknown> {
  try {
    // Pass a copy, because redis-sessions changes its argument.
    return { answered: await library.call(method, { ...options }) };
  } catch (error) {
    return error instanceof Error ? { name: error.name, message: error.message } : error;
  }
}
