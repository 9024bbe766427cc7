import test from 'ava';
import { CliProcess } from '../support/cli-process.js';
import { Connection, type RawResponse } from '../support/http-client.js';
import { DemoProcess } from '../support/http-demo-process.js';

/** Requests for everything that a page would read or change. */
const routes = [
  ['GET', '/'],
  ['GET', '/healthz'],
  ['GET', '/metrics'],
  ['GET', '/openapi.json'],
  ['GET', '/poll?wait=0&after='],
  ['GET', '/shop/soapp?dt=600'],
  ['PUT', '/shop/create/mallory?ip=192.0.2.7'],
  ['DELETE', '/shop/killall'],
  ['DELETE', '/sessions?except=current'],
  ['POST', '/login'],
  ['GET', '/no-such-route'],
] as const;

/** Headers from a page whose name was rebound to 127.0.0.1. */
function rebound(port: number): Readonly<Record<string, string>> {
  const host = `evil.example:${port}`;
  return { Host: host, Origin: `http://${host}`, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/json' };
}

/** Returns the answer to a request head that only a client without an HTTP library can send. */
async function raw(port: number, head: string): Promise<RawResponse> {
  const connection = await Connection.open(port);
  try {
    return await connection.sendRaw(`${head}\r\n\r\n`).response();
  } finally {
    await connection.close();
  }
}

async function refusals(port: number): Promise<readonly number[]> {
  const heads = [
    'GET /healthz HTTP/1.0',
    'GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example',
    'GET /healthz HTTP/1.1\r\nHost: evil.example\r\nHost: localhost',
    'GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost',
    'GET /healthz HTTP/1.1\r\nHost: 127.evil.example',
    'GET /healthz HTTP/1.1\r\nHost:',
  ];
  const answers: number[] = [];
  for (const head of heads) answers.push((await raw(port, head)).status);
  return answers;
}

test('serve without a key and with default options refuses a page whose name was rebound to its address', async (t) => {
  const cli = await CliProcess.serve(t);
  const token = await cli.create('/shop/create/alice?ip=192.0.2.7');
  for (const [method, path] of routes) {
    const response = await cli.request(path, { method, headers: rebound(cli.port) });
    t.is(response.status, 403, path);
    t.is(JSON.parse(response.body).name, 'CROSS_SITE');
  }
  t.is((await cli.request(`/poll?wait=0&app=shop`, { token, headers: rebound(cli.port) })).status, 403);
  t.deepEqual(await refusals(cli.port), [403, 403, 403, 403, 403, 403]);
  t.like(await cli.json(`/shop/get/${token}`), { id: 'alice' });
  for (const host of ['localhost:1', 'LOCALHOST', '127.0.0.9', '[::1]:80', 'localhost.']) {
    t.is((await cli.request('/healthz', { headers: { Host: host } })).status, 200, host);
  }
});

test('serve accepts the names of --hosts, and with a key any name', async (t) => {
  const [named, keyed] = await Promise.all([
    CliProcess.serve(t, ['--hosts', 'sessions.internal, 192.0.2.7', '--api-key', 'key']),
    CliProcess.serve(t, ['--api-key', 'key']),
  ]);
  t.is((await named.request('/healthz', { headers: { Host: 'sessions.internal:8080' } })).status, 200);
  t.is((await named.request('/healthz', { headers: { Host: 'evil.example' } })).status, 403);
  t.is((await keyed.request('/healthz', { headers: { Host: 'evil.example' } })).status, 200);
  t.is((await keyed.request('/metrics', { headers: { Host: 'evil.example' } })).status, 401);
  const wrong = await CliProcess.run(t, ['serve', '--hosts', 'a,b:80']);
  t.is(await wrong.exit, 2);
  t.regex(wrong.stderr, /--hosts must be host names without ports.*"b:80"/);
});

test('the demo refuses a page whose name was rebound to its address, unless that name is configured', async (t) => {
  const demo = await DemoProcess.start(t, undefined, { HOSTS: '["demo.example"]' });
  const { cookie } = await demo.logIn('alice');
  for (const [method, path] of routes) {
    const response = await demo.request(path, { method, cookie, headers: rebound(demo.port) });
    t.is(response.status, 403, path);
    t.is(JSON.parse(response.body).code, 'CROSS_SITE');
  }
  t.deepEqual(await refusals(demo.port), [403, 403, 403, 403, 403, 403]);
  t.is((await demo.request('/sessions', { cookie })).status, 200);
  t.is((await demo.request('/sessions', { cookie, headers: { Host: 'demo.example' } })).status, 200);
});
