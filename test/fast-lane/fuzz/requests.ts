import { between, pick, type Random } from '../../torture/random.js';

/**
 * The tokens of the sessions of one connection, the same on both sides. A poll that the lane does not take waits for the polls
 * before it, while `node:http` starts all of them immediately. Therefore polls must not affect each other: polls that remove
 * messages use a session without messages.
 */
export interface Caller {
  /** Token of a session whose mailbox has a message that stays. */
  readonly full: string;
  /** Token of a session whose mailbox is empty. */
  readonly empty: string;
  /** Token of a session that receives messages while one of its polls is held. */
  readonly pushed: string;
}

export const trustedOrigin = 'https://app.example';

const chrome = [
  'Connection: keep-alive',
  'sec-ch-ua: "Chromium";v="131", "Not_A Brand";v="24"',
  'sec-ch-ua-mobile: ?0',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'Accept: */*',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: cors',
  'Sec-Fetch-Dest: empty',
  'Referer: http://127.0.0.1/',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9',
];
const firefox = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Accept: application/json',
  'Accept-Language: en-US,en;q=0.5',
  'Accept-Encoding: gzip, deflate',
  'Connection: keep-alive',
];
const curl = ['User-Agent: curl/7.88.1', 'Accept: */*'];
const proxy = ['X-Real-IP: 203.0.113.9', 'X-Forwarded-For: 203.0.113.9', 'X-Forwarded-Proto: https'];
const undici = [
  'connection: keep-alive',
  'accept: */*',
  'accept-language: *',
  'sec-fetch-mode: cors',
  'user-agent: node',
];
const agents = [chrome, firefox, curl, [...curl, ...proxy], undici, []];

/** The parts of a request. Mutations can change single header lines. */
export interface RequestText {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly string[];
  readonly body: string;
}

export function textOf({ method, target, version, headers, body }: RequestText): string {
  return `${method} ${target} ${version}\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

function credentials(token: string, otherToken: string, random: Random): readonly string[] {
  const bearer = `Authorization: Bearer ${token}`;
  switch (between(0, 15, random)) {
    case 0:
      return [`Cookie: sid=${token}`];
    case 1:
      return [`Cookie: theme=dark; sid=${token}; _ga=GA1.1.1`];
    case 2:
      return [`Cookie: sid=${otherToken}; sid=${token}`];
    case 3:
      return [bearer, `Cookie: sid=${token}`];
    case 4:
      return [`Authorization: Bearer ${otherToken}`];
    case 5:
      return [];
    case 6:
      return [`authorization: bearer ${token}`];
    case 7:
      return [bearer, `Origin: ${pick([trustedOrigin, 'https://evil.example', 'null'], random)}`];
    case 8:
      return [`Cookie: sid=${token}`, `Origin: ${trustedOrigin}`, 'Sec-Fetch-Site: cross-site'];
    default:
      return [bearer];
  }
}

/** Queries of polls that remove no messages, because their cursor is before the first message. */
const reading = ['?after=&wait=0', '?after=&wait=0&limit=1', '?wait=0&after=&reader=tab-1'];
const unusual = [
  '?after=abc.1&wait=0',
  '?after=%20&wait=0',
  '?after=&after=&wait=0',
  '?wait=0&limit=0&after=',
  '?wait=00&x=%zz&after=',
  '?wait=0&x=a+b&after=',
  '?wait=0&after=&',
  '?&&wait=0&=&after=',
  '??wait=0&after=',
  '?wait=-1',
  '?unknown=1&wait=0&after=',
  '?after=',
];
/** Queries of polls that remove the messages in their answer. */
const takingAtOnce = ['?wait=0', '?wait=0&limit=1', '?wait=0&reader=tab-2'];
const taking = [...takingAtOnce, '', '?'];

/**
 * Returns a poll that is answered immediately.
 * @param holds whether the server holds polls without `wait=0`
 */
export function pollOf({ full, empty }: Caller, random: Random, holds = false): RequestText {
  const takes = random() < 0.3;
  const readings = holds || random() < 0.8 ? reading : unusual;
  const query = pick(takes ? (holds ? takingAtOnce : taking) : readings, random);
  const headers = takes ? credentials(empty, empty, random) : credentials(full, empty, random);
  return pollWith(query, headers, random);
}

/** Returns a poll that is held until a message arrives. */
export function heldPollOf({ pushed }: Caller, random: Random): RequestText {
  const query = pick(['', '?wait=20000', '?limit=2'], random);
  return pollWith(query, [`Authorization: Bearer ${pushed}`], random);
}

function pollWith(query: string, credentialLines: readonly string[], random: Random): RequestText {
  const headers = ['Host: 127.0.0.1', ...pick(agents, random), ...credentialLines];
  return { method: 'GET', target: `/poll${query}`, version: 'HTTP/1.1', headers, body: '' };
}

const post = (headers: readonly string[], body: string): Omit<RequestText, 'target' | 'version'> => ({
  method: 'POST',
  headers,
  body,
});

/**
 * Returns a request that is not a plain poll.
 * @param mayEnd whether the request may end the connection or change its protocol. It must not if polls are held:
 * `node:http` refuses a request behind a held poll immediately, but the lane refuses it when its turn has come.
 */
export function otherOf(caller: Caller, random: Random, mayEnd = true): RequestText {
  const base = { version: 'HTTP/1.1', target: '/echo' };
  const host = ['Host: 127.0.0.1', ...pick(agents, random)];
  const poll = pollOf(caller, random, !mayEnd);
  switch (between(mayEnd ? -3 : 0, 11, random)) {
    case 0:
      return { ...base, ...post([...host, 'Content-Length: 5'], 'hello') };
    case 1:
      return { ...base, ...post([...host, 'Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n') };
    case 2:
      return { ...base, ...post([...host, 'Transfer-Encoding: chunked'], '2;x=y\r\nhi\r\n0\r\nTrailer: 1\r\n\r\n') };
    case 3:
      return { ...base, ...post([...host, 'Expect: 100-continue', 'Content-Length: 2'], 'hi') };
    case 4:
      return { ...base, ...post([...host, 'Content-Length: 0'], '') };
    case 5:
      return { ...poll, method: 'HEAD' };
    case 6:
      return {
        ...poll,
        method: 'OPTIONS',
        headers: [...host, `Origin: ${trustedOrigin}`, 'Access-Control-Request-Method: GET'],
      };
    case 7:
      return { ...poll, target: `http://127.0.0.1${poll.target}` };
    case -1:
      return { ...poll, headers: [...poll.headers, 'Connection: close'] };
    case -2:
      return {
        ...poll,
        version: 'HTTP/1.0',
        headers: [...poll.headers, ...pick([[], ['Connection: keep-alive']], random)],
      };
    case -3:
      return { ...poll, headers: [...poll.headers, 'Connection: Upgrade', 'Upgrade: websocket'] };
    case 8:
      return { ...base, method: 'GET', headers: host, body: '', target: '*' };
    case 9:
      return { ...base, method: 'GET', headers: host, body: '', target: '/events?after=' };
    default:
      return { ...base, method: pick(['GET', 'DELETE', 'HEAD', 'PUT'], random), headers: host, body: '' };
  }
}
