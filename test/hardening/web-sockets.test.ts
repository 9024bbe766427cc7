import { createHmac, randomBytes } from 'node:crypto';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import { authenticateUpgrade } from '../../src/websocket/index.js';
import { Connection } from '../support/http-client.js';
import { expressCookie, Sids, signed } from '../websocket/express-cookie.js';
import { Stage } from '../websocket/stage.js';

const handshake =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

test('cross-site WebSocket hijacking: an upgrade from a page of another site with its visitor’s cookies is 403', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  const host = `127.0.0.1:${stage.port}`;
  const foreign: readonly Record<string, string>[] = [
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: '' },
    { Origin: 'file://' },
    { Origin: `http://${host}.evil.example` },
    { Origin: `http://evil.example#${host}` },
    { Origin: `http://evil.example?${host}` },
    { Origin: `http://${host}@evil.example` },
    { Origin: `http://evil.example\\@${host}` },
    { Origin: 'http://127.0.0.1:1' },
    { Origin: 'http://127.0.0.1' },
    { Origin: `http://${host}, https://evil.example` },
    { Origin: `https://evil.example, http://${host}` },
    { Origin: 'https://evil.example', Host: 'evil.example:80' },
    { Origin: 'https://evil.example', 'X-Forwarded-Host': 'evil.example' },
    { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'same-origin' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': '' },
  ];
  for (const headers of foreign) {
    const { status, problem } = await stage.client({ cookie: `sid=${token}`, headers }).refused();
    t.is(status, 403, JSON.stringify(headers));
    t.is(problem.code, 'CROSS_SITE');
  }
  t.deepEqual(stage.sessions, []);
  await stage.empties();
});

test('pages of the same site, and clients other than browsers, are accepted', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  const own: readonly Record<string, string>[] = [
    {},
    { Origin: `http://127.0.0.1:${stage.port}` },
    // Behind a proxy that terminates TLS.
    { Origin: `https://127.0.0.1:${stage.port}` },
    { Origin: 'https://app.example.com', Host: 'app.example.com' },
    { 'Sec-Fetch-Site': 'same-origin' },
    { 'Sec-Fetch-Site': 'none' },
  ];
  for (const headers of own) await stage.connect({ cookie: `sid=${token}`, headers });
  t.is(stage.live.size, own.length);
});

test('a bearer header is accepted from any origin, but a fake one does not lift the rules for cookies', async (t) => {
  const stage = await Stage.start(t, { upgrade: { requireOrigin: true } });
  const { token } = await stage.logIn();
  await stage.connect({ token, headers: { Origin: 'https://evil.example' } });
  await stage.connect({ token });
  for (const Authorization of ['Bearer', 'Bearer ', 'Basic x', 'Bearer not-a-token!']) {
    const headers = { Origin: 'https://evil.example', Authorization };
    t.is((await stage.client({ cookie: `sid=${token}`, headers }).refused()).status, 403, Authorization);
  }
  const headers = { Origin: 'https://evil.example', Authorization: 'Bearer x' };
  t.is((await stage.client({ cookie: `sid=${token}`, headers }).refused()).status, 401);
});

test('with requireOrigin, requests without an origin are refused', async (t) => {
  const stage = await Stage.start(t, { upgrade: { requireOrigin: true } });
  const { token } = await stage.logIn();
  const cookie = `sid=${token}`;
  t.is((await stage.client({ cookie }).refused()).status, 403);
  await stage.connect({ cookie, headers: { Origin: `http://127.0.0.1:${stage.port}` } });
});

test('of other origins, only listed ones are accepted', async (t) => {
  const stage = await Stage.start(t, {
    upgrade: { trustedOrigins: ['https://app.example.com', 'capacitor://localhost'] },
  });
  const { token } = await stage.logIn();
  const cookie = `sid=${token}`;
  for (const Origin of ['https://app.example.com', 'capacitor://localhost', `http://127.0.0.1:${stage.port}`]) {
    await stage.connect({ cookie, headers: { Origin } });
  }
  const near = [
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.example',
    'https://app.example.com/',
    'capacitor://localhost.evil.example',
  ];
  for (const Origin of near) {
    t.is((await stage.client({ cookie, headers: { Origin } }).refused()).status, 403, Origin);
  }
});

test('with TLS, a page that was loaded without TLS is from another site', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  // A pre-shared key needs no certificate.
  const psk = randomBytes(32);
  const tls = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
  const server = createTlsServer({ ...tls, pskCallback: () => psk });
  const webSocketServer = new WebSocketServer({ noServer: true });
  authenticateUpgrade(server, stage.manager, { webSocketServer });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const client of webSocketServer.clients) client.terminate();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const statusFor = (origin: string) =>
    new Promise((resolve) => {
      const headers = { Cookie: `sid=${token}` };
      const client = { ...tls, pskCallback: () => ({ psk, identity: 'x' }), checkServerIdentity: () => undefined };
      const socket = new WebSocket(`wss://127.0.0.1:${port}`, { origin, headers, ...client });
      socket.on('error', () => {});
      socket.once('unexpected-response', (_request, response) => resolve(response.resume().statusCode));
      socket.once('open', () => resolve('open'));
    });
  t.is(await statusFor(`http://127.0.0.1:${port}`), 403);
  t.is(await statusFor(`https://127.0.0.1:${port}`), 'open');
});

async function withExpressCookies(t: ExecutionContext): Promise<{ readonly stage: Stage; readonly store: Sids }> {
  const store = new Sids();
  const stage = await Stage.start(t, { upgrade: { expressSession: { store, secret: ['one', 'two'] } } });
  store.set('the-sid', await stage.logIn());
  return { stage, store };
}

test('forged signatures: a cookie that none of the secrets signed is not looked up', async (t) => {
  const { stage, store } = await withExpressCookies(t);
  const right = signed('the-sid', 'one');
  const signature = right.slice(right.indexOf('.') + 1);
  const flipped = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
  const forged = [
    signed('the-sid', 'three'),
    signed('the-sid', 'One'),
    'the-sid',
    'the-sid.',
    '.',
    `.${signature}`,
    `the-sid.${flipped}`,
    `the-sid.${signature.slice(0, -1)}`,
    `the-sid.${signature}=`,
    `the-sid.${signature}A`,
    `the-sid.${signature.slice(0, -1)}é`,
    `the-sid.${Buffer.from(signature, 'base64').toString('base64url')}x`,
    `the-sid.${Buffer.from(signature, 'base64').toString('hex')}`,
    `the-sid.${createHmac('sha1', 'one').update('the-sid').digest('base64').replace(/=+$/, '')}`,
    `the-sid.${createHmac('sha256', '').update('the-sid').digest('base64').replace(/=+$/, '')}`,
    `the-sid.x.${signature}`,
    `other.${signature}`,
    ` the-sid.${signature}`,
  ];
  for (const value of forged) {
    for (const text of [`s:${value}`, value, `j:${value}`]) {
      const { status } = await stage.client({ cookie: `connect.sid=${encodeURIComponent(text)}` }).refused();
      t.is(status, 401, text);
    }
  }
  t.deepEqual(store.asked, []);
  for (const secret of ['one', 'two']) await stage.connect({ cookie: expressCookie('the-sid', secret) });
  t.deepEqual(store.asked, ['the-sid', 'the-sid']);
});

test('cookies that are not properly URL-encoded are ignored without an error', async (t) => {
  const { stage } = await withExpressCookies(t);
  const good = expressCookie('the-sid', 'one');
  const garbage = ['%', '%E0%A4%A', 's%3A%', 's:%ZZ.x', '"', '""', '"s:', '=', 's:', 's:.', '%00', '\u00ff'];
  for (const value of garbage) {
    const bad = `connect.sid=${value}`;
    t.is((await stage.client({ cookie: bad }).refused()).status, 401, value);
  }
  for (const value of ['%', '%E0%A4%A', '"', '=']) await stage.connect({ cookie: `connect.sid=${value}; ${good}` });
  await stage.connect({ cookie: good.replace('connect.sid=', 'connect.sid="').concat('"') });
  t.is(stage.live.size, 5);
});

test('a planted cookie of the right form hides the own cookie, but authenticates nothing', async (t) => {
  const { stage, store } = await withExpressCookies(t);
  const planted = expressCookie('planted', 'mallory');
  t.is((await stage.client({ cookie: `${planted}; ${expressCookie('the-sid', 'one')}` }).refused()).status, 401);
  t.deepEqual(store.asked, []);
});

test('session ids with a special meaning in JavaScript or a store are looked up unchanged', async (t) => {
  const { stage, store } = await withExpressCookies(t);
  const sids = ['__proto__', 'constructor', '../../etc/passwd', 'a.b.c', 'ü', '%2e', '\u0000'];
  for (const sid of sids) t.is((await stage.client({ cookie: expressCookie(sid, 'one') }).refused()).status, 401, sid);
  t.deepEqual(store.asked, sids);
});

test('cookie bombs: hundreds of cookies cost one look-up and one signature, and if there are many tokens none is looked up', async (t) => {
  const { stage, store } = await withExpressCookies(t);
  const { token } = await stage.logIn('bob');
  const padding = Array.from({ length: 400 }, (_, index) => `c${index}=x`).join('; ');
  await stage.connect({ cookie: `${padding}; sid=${token}` });
  const forged = Array.from({ length: 100 }, (_, index) => expressCookie(`sid-${index}`, 'mallory')).join('; ');
  t.is((await stage.client({ cookie: forged }).refused()).status, 401);
  t.deepEqual(store.asked, []);
  const tokens = Array.from({ length: 150 }, (_, index) => `sid=${String(index).padStart(64, '0')}`).join('; ');
  t.is((await stage.client({ cookie: `${tokens}; sid=${token}` }).refused()).status, 401);
});

test('oversized headers are refused by the server, and no socket stays open', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  for (const name of ['Cookie', 'Origin', 'Authorization', 'X-Any']) {
    const connection = await Connection.open(stage.port);
    const huge = `${name}: ${'a'.repeat(40_000)}\r\n`;
    connection.sendRaw(`GET / HTTP/1.1\r\nHost: x\r\n${handshake}${huge}\r\n`);
    t.is((await connection.response()).status, 431, name);
    await connection.closed();
  }
  const origin = `https://${'a'.repeat(8_000)}.example`;
  const refusal = await stage.client({ cookie: `sid=${token}`, headers: { Origin: origin } }).refused();
  t.is(refusal.status, 403);
  t.true(JSON.stringify(refusal.problem).length < 500, 'the origin is not sent back in full');
  await stage.empties();
});

test('an origin can’t inject anything into the refusal', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  const Origin = 'https://evil.example"}<script>alert(1)</script>';
  const { problem, headers } = await stage.client({ cookie: `sid=${token}`, headers: { Origin } }).refused();
  t.is(problem.code, 'CROSS_SITE');
  t.is(headers['content-type'], 'application/problem+json');
});

test('a client that never reads its refusal, or keeps sending, is disconnected', async (t) => {
  const stage = await Stage.start(t);
  const connection = await Connection.open(stage.port);
  connection.stopReading();
  connection.sendRaw(`GET / HTTP/1.1\r\nHost: x\r\n${handshake}\r\n`);
  const talking = setInterval(() => connection.sendRaw('x'.repeat(1_000)), 50);
  await stage.empties();
  clearInterval(talking);
  await connection.close();
  t.is(stage.connections, 0);
});

test('an upgrade that is sent in pieces and never finished leaves no socket open', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  const head = `GET / HTTP/1.1\r\nHost: x\r\n${handshake}Authorization: Bearer ${token}\r\n`;
  const halfway = await Connection.open(stage.port);
  halfway.sendRaw(head.slice(0, 40));
  halfway.reset();
  await halfway.closed();
  const whole = await Connection.open(stage.port);
  whole.sendRaw(`${head}\r\n`).reset();
  await whole.closed();
  await stage.empties();
  t.is((await stage.manager.sessionsOfAccount('alice')).length, 1);
});

test('a flood of upgrades without a session leaves no socket open and does not call the store', async (t) => {
  const stage = await Stage.start(t);
  const statuses = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => (await stage.client({ cookie: `sid=x${index}` }).refused()).status),
  );
  t.deepEqual([...new Set(statuses)], [401]);
  await stage.empties();
});

test('a refusal contains no token and no attribute', async (t) => {
  const stage = await Stage.start(t);
  const session = await stage.logIn();
  await session.setAttr('secret', 'hush');
  await session.close();
  const { problem } = await stage.client({ token: session.token }).refused();
  const text = JSON.stringify(problem);
  t.false(text.includes(session.token) || text.includes(session.token.slice(24)) || text.includes('hush'));
});
