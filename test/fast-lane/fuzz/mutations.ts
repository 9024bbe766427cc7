import { between, pick, type Random } from '../../torture/random.js';
import { type Caller, otherOf, pollOf, type RequestText, textOf, trustedOrigin } from './requests.js';

const bytes = [...'\r\n\0\t :;,%?#/\\"\'=&+-.()<>{}[]@!~Aa0\x01\x0b\x0c\x1f\x7f\x80\x85\xa0\xe9\xff'];
const lineEnds = [
  '\n',
  '\r',
  '\r\r\n',
  '\n\r',
  '\r\n\n',
  '\r\n\r\n',
  '\n\n',
  ' \r\n',
  '\t\r\n',
  '\r\n ',
  '\r\n\t',
  '\0\r\n',
];

const framing = [
  'Transfer-Encoding: chunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'transfer-encoding:chunked ',
  'Transfer-Encoding: \x0bchunked',
  'Transfer-Encoding:',
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: +5',
  'Content-Length: 05',
  'Content-Length: -1',
  'Content-Length: 5, 5',
  'Content-Length: 0x5',
  'Content-Length: 5 ',
  'Content-Length:\t5',
  'Content-Length: ',
  'Content-Length: 5\r\nContent-Length: 5',
  'Content-Length: 5\r\nContent-Length: 6',
  'Content-Length: 5\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nContent-Length: 5',
  'Content-Length: 18446744073709551617',
  'Content Length: 5',
  'Content_Length: 5',
];
const others = [
  'Connection: close',
  'Connection: Close',
  'Connection: keep-alive',
  'Connection: Keep-Alive',
  'Connection: keep-alive, close',
  'Connection: close, keep-alive',
  'Connection: upgrade',
  'Connection: TE',
  'Connection:',
  'Connection: keep-alive\r\nConnection: close',
  'Connection: content-length',
  'Upgrade: h2c',
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Expect:',
  'Trailer: Host',
  'TE: trailers',
  'Keep-Alive: timeout=1, max=1',
  'Proxy-Connection: close',
  'Host: evil.example',
  'Host: 127.0.0.1',
  'Host:',
  'host: 127.0.0.1',
  ' Host: folded',
  'Origin: null',
  'Origin: https://evil.example',
  `Origin: ${trustedOrigin}`,
  'Sec-Fetch-Site: cross-site',
  'Sec-Fetch-Site: none',
  'Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site',
  'Access-Control-Request-Method: GET',
  'X-HTTP-Method-Override: DELETE',
  'Authorization: Basic eDp5',
  'Authorization:',
  'Authorization: Bearer',
  'Authorization: Bearer \t x',
  'Cookie: sid=; sid=x',
  'Cookie: sid="quoted"',
  'Cookie: =; ;;sid',
  'X-Forwarded-For: 1.2.3.4',
  'X-Name: caf\xe9',
  'X-Name: \xc3\xa9',
  'X\xe9: 1',
  'X-Empty:',
  'X-Space:   wide   ',
  'X-Tab:\tvalue\t',
  'X-Null: a\0b',
  'X-Del: a\x7fb',
  'X-Cr: a\rb',
  'X Y: 1',
  '(X): 1',
  ': no name',
  'no colon',
  'X-Double:: 1',
  '__proto__: 1',
  'constructor: 1',
  'Content-Type: application/json',
  'Range: bytes=0-1',
  'If-None-Match: *',
  'Accept-Encoding: gzip',
];
const targets = [
  '/%70oll?wait=0',
  '/poll%3Fwait=0',
  '/poll?wait=0&after=%zz',
  '/poll?wait=0&after=%00',
  '/poll?wait=0#fragment',
  '/poll#?wait=0',
  '/poll?wait=0 x',
  '/poll;a=b?wait=0',
  '/POLL?wait=0',
  '//poll?wait=0',
  '/./poll?wait=0',
  '/a/../poll?wait=0',
  '/poll/?wait=0',
  '/polls?wait=0',
  '/poll\\?wait=0',
  '\\poll?wait=0',
  'poll?wait=0',
  '?wait=0',
  '/poll?wait=0&after=\xff',
  '/poll?wait=0&x=\xc3\xa9',
  '/poll?wait=0&x=%C3%A9',
  '/poll?wait=0&x={}|^"`<>',
  '/poll?wait=0&a[]=1&a[b]=2',
  '/poll?wait=0&__proto__=1&constructor=2',
  '/poll?wait=0?wait=0',
  '/poll?wait=0&wait=0',
  '/poll?wait=0\t',
  'http://127.0.0.1/poll?wait=0',
  'http://evil.example/poll?wait=0',
  'HTTP://127.0.0.1:80/poll?wait=0',
  'https://user:pass@127.0.0.1/poll?wait=0',
  'http:///poll?wait=0',
  '*',
  '127.0.0.1:80',
];
const methods = [
  'get',
  'GETT',
  'G ET',
  ' GET',
  'POST',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'CONNECT',
  'PRI',
  '\r\nGET',
  '\nGET',
  '\r\n\r\nGET',
  'GET\0',
  '',
];
const versions = [
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'http/1.1',
  'HTTP/1.1 ',
  ' HTTP/1.1',
  'HTTP/1.01',
  'HTTP/11',
  'HTTP',
  '',
  'HTTP/1.1\tx',
  'RTSP/1.0',
];

type Mutation = (request: RequestText, caller: Caller, random: Random) => RequestText | string;

const addHeader =
  (lines: readonly string[]): Mutation =>
  (request, _caller, random) => {
    const at = between(0, request.headers.length, random);
    return { ...request, headers: request.headers.toSpliced(at, 0, pick(lines, random)) };
  };

const mutations: readonly Mutation[] = [
  setByte,
  setByte,
  insertByte,
  insertByte,
  deleteByte,
  changeLineEnd,
  addHeader(framing),
  addHeader(framing),
  addHeader(others),
  addHeader(others),
  addHeader(others),
  doubleHeader,
  dropHeader,
  (request, _caller, random) => ({ ...request, target: pick(targets, random) }),
  (request, _caller, random) => ({ ...request, method: pick(methods, random) }),
  (request, _caller, random) => ({ ...request, version: pick(versions, random) }),
  (request, caller, random) => ({ ...request, body: bodyOf(caller, random) }),
  (request, caller, random) => smuggle(request, caller, random),
  lengthen,
  copySlice,
  truncate,
];

/** Makes up to three changes to a request. */
export function mutated(request: RequestText, caller: Caller, random: Random): string {
  let result: RequestText | string = request;
  for (let left = between(1, 3, random); left > 0 && typeof result !== 'string'; left--) {
    result = pick(mutations, random)(result, caller, random);
  }
  return typeof result === 'string' ? result : textOf(result);
}

function setByte(request: RequestText, _caller: Caller, random: Random): string {
  const text = textOf(request);
  const at = between(0, text.length - 1, random);
  return `${text.slice(0, at)}${pick(bytes, random)}${text.slice(at + 1)}`;
}

function insertByte(request: RequestText, _caller: Caller, random: Random): string {
  const text = textOf(request);
  const at = between(0, text.length, random);
  return `${text.slice(0, at)}${pick(bytes, random)}${text.slice(at)}`;
}

function deleteByte(request: RequestText, _caller: Caller, random: Random): string {
  const text = textOf(request);
  const at = between(0, text.length - 1, random);
  return `${text.slice(0, at)}${text.slice(at + between(1, 4, random))}`;
}

function changeLineEnd(request: RequestText, _caller: Caller, random: Random): string {
  const lines = textOf(request).split('\r\n');
  const changed = between(0, lines.length - 2, random);
  const end = pick(lineEnds, random);
  return lines.reduce((text, line, n) => `${text}${n === 0 ? '' : n - 1 === changed ? end : '\r\n'}${line}`, '');
}

function doubleHeader(request: RequestText, _caller: Caller, random: Random): RequestText {
  if (request.headers.length === 0) return request;
  const line = pick(request.headers, random);
  const copy = pick([line, line.toUpperCase(), line.replace(/:.*/, ': x'), line.replace(':', ' :')], random);
  return { ...request, headers: [...request.headers, copy] };
}

function dropHeader(request: RequestText, _caller: Caller, random: Random): RequestText {
  return { ...request, headers: request.headers.toSpliced(between(0, request.headers.length, random), 1) };
}

function bodyOf(caller: Caller, random: Random): string {
  const poll = textOf(pollOf(caller, random));
  return pick(['hello', '0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', '\r\n', '\0', poll, `0\r\n\r\n${poll}`], random);
}

/** Puts another request into the body of a request whose two lengths contradict each other. */
function smuggle(request: RequestText, caller: Caller, random: Random): RequestText {
  const inner = textOf(random() < 0.7 ? pollOf(caller, random) : otherOf(caller, random));
  const body = pick([inner, `0\r\n\r\n${inner}`, `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`], random);
  const length = `Content-Length: ${pick([0, 4, body.length, inner.length, body.length - 1, body.length + 1], random)}`;
  const headers = [...request.headers];
  if (random() < 0.8) headers.push(length);
  if (random() < 0.6) headers.push(pick(framing.slice(0, 10), random));
  return { ...request, headers, body };
}

function lengthen(request: RequestText, _caller: Caller, random: Random): RequestText {
  const size = pick([200, 2_000, 4_000, 7_900, 8_200, 9_000, 15_900, 16_384, 17_000, 40_000], random);
  const count = pick([50, 62, 63, 64, 65, 70, 200, 1_000, 2_100], random);
  switch (between(0, 3, random)) {
    case 0:
      return {
        ...request,
        target: `${request.target}${request.target.includes('?') ? '&' : '?'}x=${'y'.repeat(size)}`,
      };
    case 1:
      return { ...request, headers: [...request.headers, `X-Long: ${'z'.repeat(size)}`] };
    case 2:
      return { ...request, headers: [`X${'-'.repeat(size)}: 1`, ...request.headers] };
    default:
      return { ...request, headers: [...Array.from({ length: count }, (_, n) => `X-${n}: 1`), ...request.headers] };
  }
}

function copySlice(request: RequestText, _caller: Caller, random: Random): string {
  const text = textOf(request);
  const from = between(0, text.length - 1, random);
  const slice = text.slice(from, from + between(1, 40, random));
  const at = between(0, text.length, random);
  return `${text.slice(0, at)}${slice}${text.slice(at)}`;
}

function truncate(request: RequestText, _caller: Caller, random: Random): string {
  const text = textOf(request);
  return text.slice(0, between(0, text.length, random));
}
