import test from 'ava';
import { bodyOf, RestKit } from '../../../support/rest-kit.js';

const key = 'a-key-of-the-test';

const guarded: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/ping'],
  ['PUT', '/shop/create/alice?ip=192.0.2.7'],
  ['GET', `/shop/get/${'x'.repeat(64)}`],
  ['POST', `/shop/set/${'x'.repeat(64)}`],
  ['GET', '/shop/activity?dt=10'],
  ['GET', '/shop/soapp?dt=10'],
  ['GET', '/shop/soid/alice'],
  ['DELETE', `/shop/kill/${'x'.repeat(64)}`],
  ['DELETE', '/shop/killsoid/alice'],
  ['DELETE', '/shop/killall'],
  ['POST', '/shop/push/x'],
  ['POST', '/shop/pushsoid/alice'],
  ['GET', '/metrics'],
];

const wrongKeys = [
  '',
  `${key}x`,
  `${key}1`,
  key.slice(1),
  key.slice(0, -1),
  key.toUpperCase(),
  key.replaceAll('-', '_'),
];
const wrongHeaders: readonly Readonly<Record<string, string>>[] = [
  {},
  { Authorization: `Bearer ${key}` },
  ...wrongKeys.map((each) => ({ 'X-API-Key': each })),
];

test('without the key, or with a wrong one, every guarded route is 401 and changes nothing', async (t) => {
  const kit = await RestKit.start(t, { rest: { apiKey: key } });
  for (const [method, path] of guarded) {
    for (const headers of wrongHeaders) {
      const response = await kit.request(path, { method, headers });
      t.is(response.status, 401, `${method} ${path}`);
      t.like(bodyOf(response), { name: 'unauthorized' });
    }
  }
  t.is(await kit.manager.inApp('shop').activity(10_000), 0);
});

test('with the key every route is served', async (t) => {
  const kit = await RestKit.start(t, { rest: { apiKey: key } });
  for (const [method, path] of guarded) {
    const response = await kit.request(path, { method, headers: { 'X-API-Key': key } });
    t.not(response.status, 401, `${method} ${path}`);
  }
});

test('polls, probes and the OpenAPI document need no key', async (t) => {
  const kit = await RestKit.start(t, { rest: { apiKey: key } });
  const { token } = await kit.manager.inApp('shop').createSession('alice');
  t.is((await kit.request('/poll?app=shop&wait=0', { token })).status, 200);
  t.is((await kit.get('/healthz')).status, 200);
  t.is((await kit.get('/livez')).status, 200);
  t.is((await kit.get('/openapi.json')).status, 200);
});

test('an empty key is refused at start-up', async (t) => {
  await t.throwsAsync(RestKit.start(t, { rest: { apiKey: '' } }), { code: 'INVALID_CONTEXT' });
});
