import test from 'ava';
import { ResponseText } from '../../src/fast-lane/response-text.js';

interface Settings {
  keepAliveTimeout: number;
  maxRequestsPerSocket: number | null;
}

test('the end of a head uses changed settings of the server immediately, not only in the next second', (t) => {
  const server: Settings = { keepAliveTimeout: 5_000, maxRequestsPerSocket: null };
  const text = new ResponseText(server);
  const keepAlive = () => /^Keep-Alive: .*(?=\r)/m.exec(text.endOfHead(false))?.[0];
  t.is(keepAlive(), 'Keep-Alive: timeout=5');
  server.keepAliveTimeout = 7_000;
  t.is(keepAlive(), 'Keep-Alive: timeout=7');
  server.maxRequestsPerSocket = 3;
  t.is(keepAlive(), 'Keep-Alive: timeout=7, max=3');
  server.keepAliveTimeout = 0;
  t.is(keepAlive(), undefined);
});

test('the last response of a connection has `Connection: close`, any other has `Connection: keep-alive`', (t) => {
  const text = new ResponseText({ keepAliveTimeout: 5_000, maxRequestsPerSocket: null });
  t.regex(text.endOfHead(true), /^\r\nDate: [^\r]+ GMT\r\nConnection: close\r\n\r\n$/);
  t.regex(text.endOfHead(false), /^\r\nDate: [^\r]+ GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n$/);
});
