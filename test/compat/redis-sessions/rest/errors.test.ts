import test from 'ava';
import { injectable, injectFromBase } from 'inversify';
import { MemoryStore, type SessionRecord, SessionStore } from '../../../../src/index.js';
import { cuttable, cuttableStore } from '../../../support/http-away-store.js';
import type { RawResponse } from '../../../support/http-client.js';
import { bodyOf, RestKit } from '../../../support/rest-kit.js';

const token = 'x'.repeat(64);
const longIp = '1'.repeat(40);

interface WrongRequest {
  readonly send: (kit: RestKit) => Promise<RawResponse>;
  readonly name: string;
  readonly message: string;
}

const wrong: readonly WrongRequest[] = [
  { send: (kit) => kit.get(`/ab/get/${token}`), name: 'invalidFormat', message: 'Invalid app format' },
  { send: (kit) => kit.get('/shop/get/short'), name: 'invalidFormat', message: 'Invalid token format' },
  { send: (kit) => kit.send('PUT', '/shop/create/a', ''), name: 'missingParameter', message: 'No ip supplied' },
  {
    send: (kit) => kit.send('PUT', `/shop/create/a?ip=${longIp}`, ''),
    name: 'invalidFormat',
    message: 'Invalid ip format',
  },
  {
    send: (kit) => kit.send('PUT', '/shop/create/a?ip=1&ip=2', ''),
    name: 'invalidFormat',
    message: 'Invalid ip format',
  },
  {
    send: (kit) => kit.send('PUT', '/shop/create/a?ip=1&ttl=9', ''),
    name: 'invalidValue',
    message: 'ttl must be a positive integer >= 10',
  },
  {
    send: (kit) => kit.send('PUT', '/shop/create/a?ip=1', { x: [] }),
    name: 'invalidValue',
    message: 'd.x has a forbidden type. Only strings, numbers, boolean and null are allowed.',
  },
  { send: (kit) => kit.send('PUT', '/shop/create/a?ip=1', [1]), name: 'invalidValue', message: 'd must be an object' },
  {
    send: (kit) => kit.send('POST', `/shop/set/${token}`, {}),
    name: 'invalidValue',
    message: 'd must containt at least one key.',
  },
  {
    send: (kit) => kit.send('POST', `/shop/set/${token}`, ''),
    name: 'invalidValue',
    message: 'd must containt at least one key.',
  },
  {
    send: (kit) => kit.get('/shop/activity'),
    name: 'invalidValue',
    message: 'deltaTime must be a positive integer >= 10',
  },
  {
    send: (kit) => kit.get('/shop/soapp?dt=x'),
    name: 'invalidValue',
    message: 'deltaTime must be a positive integer >= 10',
  },
];

for (const [strictStatus, status] of [
  [false, 500],
  [true, 400],
] as const) {
  test(`a wrong argument is ${status} with name and message${strictStatus ? ', strictly' : ''}`, async (t) => {
    const kit = await RestKit.start(t, { rest: { strictStatus } });
    for (const { send, name, message } of wrong) {
      const response = await send(kit);
      t.is(response.status, status, message);
      t.deepEqual(bodyOf(response), { name, message });
      t.regex(response.headers.get('content-type') ?? '', /^application\/json/);
    }
  });
}

test('with strictStatus a missing session is 404 with the same body; an empty list is not', async (t) => {
  const kit = await RestKit.start(t, { rest: { strictStatus: true } });
  const responses = [
    await kit.get(`/shop/get/${token}`),
    await kit.send('POST', `/shop/set/${token}`, { a: 1 }),
    await kit.delete(`/shop/kill/${token}`),
    await kit.delete('/shop/killsoid/no-such-id'),
    await kit.get('/shop/soid/no-such-id'),
  ];
  t.deepEqual(
    responses.map(({ status }) => status),
    [404, 404, 404, 200, 200],
  );
  t.deepEqual(responses.map(bodyOf), [{}, {}, { kill: 0 }, { kill: 0 }, { sessions: [] }]);
});

test('a body of 60 000 bytes is accepted, one byte more is 413', async (t) => {
  const kit = await RestKit.start(t);
  const alive = await kit.create('/shop/create/alice?ip=192.0.2.7');
  const bodyOfSize = (size: number) => `{"d":"${'x'.repeat(size - 8)}"}`;
  t.is(bodyOfSize(60_000).length, 60_000);
  t.is((await kit.send('POST', `/shop/set/${alive}`, bodyOfSize(60_000))).status, 200);
  const response = await kit.send('POST', `/shop/set/${alive}`, bodyOfSize(60_001));
  t.is(response.status, 413);
  t.like(bodyOf(response), { name: 'bodyTooLarge' });
});

test('a body that is not JSON is 400, one of another type 415, and neither changes anything', async (t) => {
  const kit = await RestKit.start(t);
  const alive = await kit.create('/shop/create/alice?ip=192.0.2.7');
  for (const text of ['{', 'nonsense', '{"a":1', '{"__proto__":{"a":1}}', '\u0000']) {
    const response = await kit.send('POST', `/shop/set/${alive}`, text);
    t.is(response.status, 400, text);
    t.like(bodyOf(response), { name: 'badRequest' });
  }
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const response = await kit.send('POST', `/shop/set/${alive}`, '{"a":1}', { 'Content-Type': type });
    t.is(response.status, 415, type);
    t.like(bodyOf(response), { name: 'unsupportedMediaType' });
  }
  t.false('d' in JSON.parse((await kit.get(`/shop/get/${alive}`)).body));
});

test('an empty body of any type counts as no body', async (t) => {
  const kit = await RestKit.start(t);
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const created = await kit.send('PUT', '/shop/create/alice?ip=192.0.2.7', '', headers);
  t.is(created.status, 200);
  const { token } = JSON.parse(created.body);
  t.like(bodyOf(await kit.send('POST', `/shop/set/${token}`, '', headers)), { name: 'invalidValue' });
  const killed = await kit.request(`/shop/kill/${token}`, {
    method: 'DELETE',
    headers: { 'Content-Type': 'text/plain' },
  });
  t.deepEqual(bodyOf(killed), { kill: 1 });
});

test('an unknown route is 404, a malformed path 400', async (t) => {
  const kit = await RestKit.start(t);
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/nowhere'],
    ['GET', '/sessions'],
    ['POST', '/shop/create/alice'],
    ['GET', '/shop/killall'],
    ['GET', '/shop/get/'],
  ] as const) {
    const response = await kit.request(path, { method });
    t.true(response.status === 404 || (path === '/shop/get/' && response.status === 500), `${method} ${path}`);
    t.true('name' in JSON.parse(response.body), `${method} ${path}`);
  }
  t.is((await kit.get('/shop/soid/%E0%A4%A')).status, 400);
});

test('while the store cannot be reached, routes that need it answer STORE_UNAVAILABLE', async (t) => {
  const lenient = await RestKit.start(t, { store: cuttableStore });
  const strict = await RestKit.start(t, { store: cuttableStore, rest: { strictStatus: true } });
  for (const kit of [lenient, strict]) cuttable(kit.store).isAway = true;
  for (const path of [`/shop/get/${token}`, '/shop/soid/alice', '/ping']) {
    const response = await lenient.get(path);
    t.is(response.status, 500, path);
    t.like(bodyOf(response), { name: 'STORE_UNAVAILABLE' });
    t.is((await strict.get(path)).status, 503, path);
  }
});

@injectable()
@injectFromBase({ extendConstructorArguments: true })
class BrokenStore extends MemoryStore {
  override async listAccount(): Promise<readonly SessionRecord[]> {
    throw new Error('an internal detail');
  }
}

test('a bug is answered with 500 and no detail; the detail goes to the log', async (t) => {
  const warnings: Error[] = [];
  const listener = (warning: Error) => void warnings.push(warning);
  process.on('warning', listener);
  t.teardown(() => process.off('warning', listener));
  for (const strictStatus of [false, true]) {
    const kit = await RestKit.start(t, {
      rest: { strictStatus },
      store: ({ bind }) => void bind(SessionStore).to(BrokenStore).inSingletonScope(),
    });
    const response = await kit.get('/shop/soid/alice');
    t.is(response.status, 500);
    t.deepEqual(bodyOf(response), { name: 'Error', message: 'An unexpected error occurred' });
  }
  await new Promise((resolve) => setImmediate(resolve));
  const details = warnings.map((warning) => ('detail' in warning ? String(warning.detail) : ''));
  t.is(details.filter((detail) => detail.includes('an internal detail')).length, 2);
});
