import { createServer } from 'node:http';
import test from 'ava';
import { WebSocketServer } from 'ws';
import { pollHandler } from '../../src/express-session/index.js';
import { sessionHttpModule } from '../../src/http/index.js';
import { SessionError } from '../../src/index.js';
import { type OriginOptions, OriginPolicy, requestHeadOf } from '../../src/requests/index.js';
import { authenticateUpgrade, socketIoAllowRequest, socketIoSession } from '../../src/websocket/index.js';
import { startService } from '../support/service.js';
import { Sids } from '../websocket/express-cookie.js';
import { fronts, type Headers, type Verdict } from './fronts.js';

interface Group {
  readonly title: string;
  readonly options: OriginOptions;
  /** All requests have `Host: app.example.com` unless they name another. */
  readonly cases: Readonly<Record<Verdict, readonly Headers[]>>;
}

const http = 'http://app.example.com';
const https = 'https://app.example.com';

const groups: readonly Group[] = [
  {
    title: 'no options',
    options: {},
    cases: {
      accepted: [
        {},
        { 'Sec-Fetch-Site': 'same-origin' },
        { 'Sec-Fetch-Site': 'none' },
        { Origin: http },
        { Origin: https },
        { Origin: https, 'Sec-Fetch-Site': 'same-origin' },
        { Origin: 'HTTPS://App.Example.com' },
        { Host: 'App.Example.COM', Origin: https },
        // nginx with `proxy_set_header Host $host:$server_port`.
        { Host: 'app.example.com:443', Origin: https },
        { Host: 'app.example.com:80', Origin: http },
        { Origin: `${https}:443` },
        { Host: 'app.example.com:8443', Origin: `${https}:8443` },
        { Host: '[::1]:3000', Origin: 'http://[::1]:3000' },
      ],
      refused: [
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site' },
        { 'Sec-Fetch-Site': 'nonsense' },
        { 'Sec-Fetch-Site': '' },
        { Host: 'shop.example', Origin: 'http://shop.example', 'Sec-Fetch-Site': 'cross-site' },
        { Origin: https, 'Sec-Fetch-Site': 'same-site' },
        { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'same-origin' },
        { Origin: 'https://evil.example', 'X-Forwarded-Host': 'evil.example' },
        { Origin: 'null' },
        { Host: 'null', Origin: 'null' },
        { Origin: '' },
        { Origin: 'ftp://app.example.com' },
        { Origin: 'capacitor://app.example.com' },
        { Origin: 'file://' },
        { Origin: 'app.example.com' },
        { Host: 'app.example.com:443', Origin: http },
        { Host: 'app.example.com:80', Origin: https },
        { Host: 'app.example.com:8443', Origin: https },
        { Origin: `${https}:8443` },
        { Origin: `${https}/` },
        { Origin: `${https}.evil.example` },
        { Origin: 'https://sub.app.example.com' },
        { Origin: 'https://evil.example#app.example.com' },
        { Origin: 'https://evil.example?app.example.com' },
        { Origin: 'https://app.example.com@evil.example' },
        { Origin: 'https://evil.example\\@app.example.com' },
        { Host: 'evil.example@app.example.com', Origin: https },
        { Host: 'app.example.com/evil', Origin: https },
        { Origin: `${https}, https://evil.example` },
        { Origin: `https://evil.example, ${https}` },
      ],
    },
  },
  {
    title: 'secure',
    options: { secure: true },
    cases: {
      accepted: [{}, { Origin: https }, { Host: 'app.example.com:443', Origin: https }],
      refused: [{ Origin: http }, { Host: 'app.example.com:80', Origin: http }, { Origin: 'ftp://app.example.com' }],
    },
  },
  {
    title: 'trusted origins',
    options: {
      trustedOrigins: [
        'https://Shop.Example.com:443',
        'https://pay.example:8443',
        'capacitor://localhost',
        'http://localhost',
      ],
    },
    cases: {
      accepted: [
        { Origin: 'https://shop.example.com' },
        { Origin: 'https://shop.example.com', 'Sec-Fetch-Site': 'cross-site' },
        { Origin: 'https://shop.example.com', 'Sec-Fetch-Site': 'same-site' },
        { Origin: 'https://SHOP.example.com:443' },
        { Origin: 'https://pay.example:8443' },
        { Origin: 'capacitor://localhost', 'Sec-Fetch-Site': 'cross-site' },
        { Origin: 'Capacitor://LOCALHOST' },
        { Origin: 'http://localhost' },
        { Origin: 'http://localhost:80' },
        { Origin: https },
      ],
      refused: [
        { Origin: 'http://shop.example.com' },
        { Origin: 'https://shop.example.com:8443' },
        { Origin: 'https://shop.example.com/' },
        { Origin: 'https://shop.example.com.evil.example' },
        { Origin: 'https://pay.example' },
        { Origin: 'ionic://localhost' },
        { Origin: 'https://localhost' },
        { Origin: 'http://localhost:8080' },
        { Origin: 'capacitor://localhost.evil.example' },
        { Origin: 'capacitor://localhost:1' },
        { Origin: 'null' },
        { 'Sec-Fetch-Site': 'cross-site' },
      ],
    },
  },
  {
    title: 'secure with a trusted origin without TLS',
    options: { secure: true, trustedOrigins: ['http://localhost'] },
    cases: {
      accepted: [{ Origin: 'http://localhost' }, { Origin: https }],
      refused: [{ Origin: http }, { Origin: 'http://localhost:8080' }],
    },
  },
];

for (const { name, start } of fronts) {
  for (const { title, options, cases } of groups) {
    test(`${name}: with ${title}, it gives the verdict of the table on each origin`, async (t) => {
      const ask = await start(t, options);
      for (const verdict of ['accepted', 'refused'] as const) {
        for (const headers of cases[verdict]) {
          t.is(await ask({ Host: 'app.example.com', ...headers }), verdict, JSON.stringify(headers));
        }
      }
    });
  }
}

test('over TLS a page that was loaded without TLS counts as another site, also without the option secure', (t) => {
  const policy = new OriginPolicy();
  const isAccepted = (origin: string, encrypted: boolean) => {
    const headers = { host: 'app.example.com', origin };
    const fields = requestHeadOf({ method: 'GET', headers, socket: { encrypted } });
    const header = (name: string) => new Map(Object.entries(headers)).get(name);
    const hono = requestHeadOf({
      method: 'GET',
      url: `${encrypted ? 'https' : 'http'}://app.example.com/poll`,
      header,
    });
    return [fields, hono].map((request) => {
      try {
        policy.require(request);
        return true;
      } catch (error) {
        t.true(SessionError.is(error, 'CROSS_SITE'));
        return false;
      }
    });
  };
  t.deepEqual(isAccepted(http, false), [true, true]);
  t.deepEqual(isAccepted(https, false), [true, true]);
  t.deepEqual(isAccepted(http, true), [false, false]);
  t.deepEqual(isAccepted(https, true), [true, true]);
});

test('with requireOrigin a request without an origin is refused, and one with its own origin is accepted', (t) => {
  const policy = new OriginPolicy({ requireOrigin: true });
  const head = (headers: Headers) => requestHeadOf({ method: 'GET', headers: { host: 'app.example.com', ...headers } });
  const error = t.throws(() => policy.require(head({ 'sec-fetch-site': 'same-origin' })));
  t.true(SessionError.is(error, 'CROSS_SITE'));
  t.notThrows(() => policy.require(head({ origin: https })));
});

test('a request of an unknown framework throws a TypeError that names the known frameworks', (t) => {
  t.throws(() => requestHeadOf({}), { instanceOf: TypeError, message: /Express, Fastify or Hono/ });
});

const neverMatching: readonly unknown[] = [
  'https://app.example.com',
  [1],
  [''],
  ['null'],
  ['*'],
  ['https://*.example.com'],
  ['app.example.com'],
  ['localhost:3000'],
  ['https://app.example.com/'],
  ['https://app.example.com/path'],
  ['https://app.example.com?x'],
  ['https://app.example.com#x'],
  ['https://user@app.example.com'],
  ['https://user:pass@app.example.com'],
  ['https://'],
  ['https://app.example.com:99999'],
  ['https://a.example, https://b.example'],
  [' https://app.example.com'],
  ['wss://app.example.com'],
  ['file://localhost'],
  ['https://good.example', 'null'],
];

test('every front refuses origins that could never match, with an error that names the front', async (t) => {
  const { manager } = await startService(t);
  const server = createServer();
  const webSocketServer = new WebSocketServer({ noServer: true });
  const makers: Readonly<Record<string, (trustedOrigins: unknown) => unknown>> = {
    OriginPolicy: (trustedOrigins) => Reflect.construct(OriginPolicy, [{ trustedOrigins }]),
    sessionHttpModule: (trustedOrigins) => Reflect.apply(sessionHttpModule, undefined, [{ trustedOrigins }]),
    pollHandler: (trustedOrigins) => Reflect.apply(pollHandler, undefined, [manager, new Sids(), { trustedOrigins }]),
    authenticateUpgrade: (trustedOrigins) =>
      Reflect.apply(authenticateUpgrade, undefined, [server, manager, { webSocketServer, trustedOrigins }]),
    socketIoSession: (trustedOrigins) => Reflect.apply(socketIoSession, undefined, [manager, { trustedOrigins }]),
    socketIoAllowRequest: (trustedOrigins) => Reflect.apply(socketIoAllowRequest, undefined, [{ trustedOrigins }]),
  };
  for (const [front, make] of Object.entries(makers)) {
    for (const trustedOrigins of neverMatching) {
      const error = t.throws(() => make(trustedOrigins), undefined, `${front} ${JSON.stringify(trustedOrigins)}`);
      if (!SessionError.is(error, 'INVALID_CONTEXT')) throw error;
      t.is(error.details.front, front);
      t.regex(error.details.field, /^trustedOrigins/);
    }
    const advised = t.throws(() => make('https://app.example.com'));
    t.regex(advised?.message ?? '', /trustedOrigins must be an array of origins, such as \["https:/);
    t.notThrows(() => make(['https://App.Example.com:443', 'capacitor://localhost', 'http://[::1]:3000']), front);
  }
});
