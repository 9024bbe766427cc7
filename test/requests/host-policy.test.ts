import test from 'ava';
import { SessionError } from '../../src/index.js';
import { type HostOptions, HostPolicy, isHostName, isLoopbackHost } from '../../src/requests/host-policy.js';

function isServed(hosts: readonly string[], url = '/', options: HostOptions = {}): boolean {
  try {
    new HostPolicy(options).require({ url, rawHeaders: hosts.flatMap((host) => ['Host', host]) });
    return true;
  } catch (error) {
    if (SessionError.is(error, 'CROSS_SITE')) return false;
    throw error;
  }
}

const loopback = [
  ...['localhost', 'LOCALHOST', 'localhost:3000', 'LocalHost:80', 'localhost.', 'localhost.:3000'],
  ...['127.0.0.1', '127.0.0.1:1', '127.255.0.3:65535', '127.0.0.1.', '127.1', '[::1]', '[::1]:3000', '[0:0::1]'],
];

for (const host of loopback) test(`the host ${host} is loopback`, (t) => t.true(isServed([host])));

const foreign = [
  ...['evil.example', 'evil.example:3000', '127.evil.example', '127.0.0.1.evil.example', '127.0.0.256', '128.0.0.1'],
  ...['localhost.evil.example', 'evil.localhost', 'localhost..', 'localhost:0:0', 'localhost@evil.example', '0.0.0.0'],
  ...['[::1%25lo]', '[::1%lo]', '[fe80::1%eth0]:80', '[::2]', '::1', '[::ffff:127.0.0.1]', '[::1].evil.example'],
  ...['', '.', ' ', 'localhost, evil.example', 'localhost/', 'localhost:99999', 'local%68ost', 'lоcalhost', '*'],
];

for (const host of foreign) test(`the host "${host}" is refused`, (t) => t.false(isServed([host])));

test('a request without Host, or with several, is refused', (t) => {
  t.false(isServed([]));
  t.false(isServed(['localhost', 'localhost']));
  t.false(isServed(['localhost', 'evil.example']));
});

test('over HTTP/2 the host is the one of :authority, alone', (t) => {
  const require = (...rawHeaders: string[]) => new HostPolicy().require({ url: '/', rawHeaders });
  t.notThrows(() => require(':method', 'GET', ':authority', 'localhost:3000'));
  t.throws(() => require(':method', 'GET', ':authority', 'evil.example'), { code: 'CROSS_SITE' });
  t.throws(() => require(':authority', 'evil.example', 'host', 'localhost'), { code: 'CROSS_SITE' });
  t.throws(() => require(':authority', 'localhost', 'host', 'evil.example'), { code: 'CROSS_SITE' });
});

test('an absolute target must name an accepted host as well', (t) => {
  t.true(isServed(['localhost:3000'], 'http://127.0.0.1:3000/poll?at=http://evil.example/'));
  for (const target of [
    'http://evil.example/',
    'HTTP://evil.example:3000',
    'http://localhost@evil.example/',
    'http:///',
  ]) {
    t.false(isServed(['localhost'], target), target);
  }
  t.false(isServed(['evil.example'], 'http://localhost/'));
});

test('configured names are accepted with any port, in any case, with a final dot', (t) => {
  const options = { hosts: ['Sessions.Internal', '192.0.2.7', '::2'] };
  for (const host of ['sessions.internal', 'SESSIONS.internal.:81', '192.0.2.7:1', '[::2]:1', 'localhost']) {
    t.true(isServed([host], '/', options), host);
  }
  t.false(isServed(['a.sessions.internal'], '/', options));
});

test('a configured host has no scheme, port, path or wildcard', (t) => {
  for (const host of ['a:80', '[::1]:80', 'http://a', 'a/b', '*.a', '', 'a b']) {
    t.false(isHostName(host), host);
    t.throws(() => new HostPolicy({ hosts: [host] }), { code: 'INVALID_CONTEXT', message: /^HostPolicy: hosts/ }, host);
  }
});

test('an interface is loopback by its whole name or address, not by the beginning of its name', (t) => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]']) t.true(isLoopbackHost(host), host);
  for (const host of ['127.evil.example', '0.0.0.0', '::', 'localhost:1', '192.0.2.7'])
    t.false(isLoopbackHost(host), host);
});
