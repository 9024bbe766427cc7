import test from 'ava';
import { headersOf, isOneRequest, pollQueryOf } from '../../src/fast-lane/request-grammar.js';

const host = '\r\nHost: localhost';

const blocks: readonly (readonly [title: string, block: string, isPlain: boolean])[] = [
  ['a host alone', host, true],
  ['no host', '\r\nAccept: */*', false],
  ['an empty host', '\r\nHost:', false],
  ['a header without a value', `${host}\r\nX-Empty:`, true],
  ['a header without a space', `${host}\r\nX-Tight:1`, true],
  ['a keep-alive connection', `${host}\r\nConnection: Keep-Alive`, true],
  ['a connection that ends', `${host}\r\nConnection: close`, false],
  ['a connection with a list', `${host}\r\nConnection: keep-alive, x`, false],
  ['an upgrade', `${host}\r\nUpgrade: websocket`, false],
  ['the name of a header that only begins like Upgrade', `${host}\r\nUpgrade-Insecure-Requests: 1`, true],
  ['a transfer encoding', `${host}\r\ntransfer-encoding: chunked`, false],
  ['an expectation', `${host}\r\nExpect: 100-continue`, false],
  ['trailers', `${host}\r\nTE: trailers`, false],
  ['two spaces before a value', `${host}\r\nX-A:  b`, false],
  ['a space behind a value', `${host}\r\nX-A: b `, false],
  ['a tab in a value', `${host}\r\nX-A: b\tc`, false],
  ['a space before the colon', `${host}\r\nX-A : b`, false],
  ['a space before a name', `${host}\r\n X-A: b`, false],
  ['a continued line', `${host}\r\nX-A: b\r\n c`, false],
  ['a bare line feed', `${host}\nX-A: b`, false],
  ['a bare carriage return', `${host}\rX-A: b`, false],
  ['a NUL', `${host}\r\nX-A: \0`, false],
  ['a byte beyond ASCII', `${host}\r\nX-A: \xe9`, false],
  ['a line without a colon', `${host}\r\nX-A`, false],
  ['a line without a name', `${host}\r\n: b`, false],
  ['a second host', `${host}${host}`, false],
  ['a second host in other letters', `${host}\r\nhOST: evil`, false],
  ['two cookies', `${host}\r\nCookie: a=b\r\nCookie: c=d`, false],
  ['two bearers', `${host}\r\nAuthorization: a\r\nauthorization: b`, false],
  ['too many headers', host + Array.from({ length: 64 }, (_, index) => `\r\nX-${index}: y`).join(''), false],
];

for (const [title, block, isPlain] of blocks) {
  test(`headers with ${title} are ${isPlain ? 'plain' : 'left to node:http'}`, (t) => {
    t.is(headersOf(`${block}\r\n\r\n`) !== undefined, isPlain);
  });
}

test('headers are read by their names in lower case', (t) => {
  const headers = headersOf('\r\nHost: localhost\r\nX-Two: a b\r\nCookie:sid=1\r\n\r\n');
  t.deepEqual(
    [...(headers ?? [])],
    [
      ['host', 'localhost'],
      ['x-two', 'a b'],
      ['cookie', 'sid=1'],
    ],
  );
});

const lines: readonly (readonly [line: string, query: string | undefined])[] = [
  ['GET /poll HTTP/1.1', ''],
  ['GET /poll? HTTP/1.1', ''],
  ['GET /poll?after=&wait=0 HTTP/1.1', 'after=&wait=0'],
  ['GET /poll?reader=a%20b HTTP/1.1', 'reader=a%20b'],
  ['GET /polls HTTP/1.1', undefined],
  ['GET /poll/ HTTP/1.1', undefined],
  ['GET //poll HTTP/1.1', undefined],
  ['GET /POLL HTTP/1.1', undefined],
  ['GET /p%6fll HTTP/1.1', undefined],
  ['GET http://localhost/poll HTTP/1.1', undefined],
  ['GET /poll?a b HTTP/1.1', undefined],
  ['GET /poll?a#b HTTP/1.1', undefined],
  ['GET /poll?"a" HTTP/1.1', undefined],
  ['GET /poll?\xe9 HTTP/1.1', undefined],
  ['GET  /poll HTTP/1.1', undefined],
  ['get /poll HTTP/1.1', undefined],
  ['HEAD /poll HTTP/1.1', undefined],
  ['POST /poll HTTP/1.1', undefined],
  ['GET /poll HTTP/1.0', undefined],
  ['GET /poll http/1.1', undefined],
  ['GET /poll', undefined],
  ['GET /poll HTTP/1.1 ', undefined],
];

for (const [line, query] of lines) {
  test(`the line "${line}" ${query === undefined ? 'is left to node:http' : 'is a poll'}`, (t) => {
    t.is(pollQueryOf(line, '/poll'), query);
  });
}

const texts: readonly (readonly [title: string, text: string, isOne: boolean])[] = [
  ['a request without a body', `GET /x HTTP/1.1${host}\r\n\r\n`, true],
  ['a request with its body', `POST /x HTTP/1.1${host}\r\nContent-Length: 3\r\n\r\nabc`, true],
  ['a request with an empty body', `POST /x HTTP/1.1${host}\r\ncontent-length:0\r\n\r\n`, true],
  ['a part of a body', `POST /x HTTP/1.1${host}\r\nContent-Length: 3\r\n\r\nab`, false],
  ['more than a body', `POST /x HTTP/1.1${host}\r\nContent-Length: 3\r\n\r\nabcd`, false],
  ['two lengths', `POST /x HTTP/1.1${host}\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc`, false],
  ['a list of lengths', `POST /x HTTP/1.1${host}\r\nContent-Length: 3, 3\r\n\r\nabc`, false],
  ['a signed length', `POST /x HTTP/1.1${host}\r\nContent-Length: +3\r\n\r\nabc`, false],
  ['an unknown length', `POST /x HTTP/1.1${host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, false],
  ['a head that is not complete', `GET /x HTTP/1.1${host}\r\n`, false],
  ['two requests', `GET /x HTTP/1.1${host}\r\n\r\nGET /x HTTP/1.1${host}\r\n\r\n`, false],
  ['an upgrade', `GET /x HTTP/1.1${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`, false],
  ['a tunnel', `CONNECT x:1 HTTP/1.1${host}\r\n\r\n`, false],
  ['an empty line before it', `\r\nGET /x HTTP/1.1${host}\r\n\r\n`, false],
  ['an older version', `GET /x HTTP/1.0${host}\r\n\r\n`, false],
];

for (const [title, text, isOne] of texts) {
  test(`${title}: ${isOne ? 'one request exactly' : 'not known to be one request exactly'}`, (t) => {
    t.is(isOneRequest(text, text.length), isOne);
  });
}

test('a text on which a careless pattern would try every split is checked in no time', (t) => {
  const block = `${host}\r\nX-A: ${'x '.repeat(4_000)}\t\r\n\r\n`;
  t.is(headersOf(block), undefined);
  t.is(headersOf(`${host}\r\nX-A: x${' '.repeat(8_000)}\t\r\n\r\n`), undefined);
});
