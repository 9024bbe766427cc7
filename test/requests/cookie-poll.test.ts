import test from 'ava';
import { isFromKnownPage, requireCursor, requireKnownPageByCookie } from '../../src/requests/cookie-poll.js';
import { requestHeadOf } from '../../src/requests/request-head.js';

function headWith(headers: Readonly<Record<string, string>>) {
  return requestHeadOf({ method: 'GET', headers: { host: 'app.example', cookie: 'sid=x', ...headers } });
}

/** As a browser sends a GET over plain HTTP, whatever page made it. */
const anyPage = headWith({ referer: 'http://app.example/', 'sec-fetch-mode': 'cors' });
const knownPages = [headWith({ 'sec-fetch-site': 'same-origin' }), headWith({ origin: 'http://app.example' })];

test('only Sec-Fetch-Site and Origin tell which page made a request', (t) => {
  t.false(isFromKnownPage(anyPage));
  for (const head of knownPages) t.true(isFromKnownPage(head));
});

test('a poll of a page that is not known must name a cursor, which may be empty', (t) => {
  t.throws(() => requireCursor({}), {
    code: 'INVALID_ARGUMENT',
    message: /^after .*neither Sec-Fetch-Site nor Origin/,
  });
  t.notThrows(() => requireCursor({ after: '' }));
  t.notThrows(() => requireCursor({ after: 'abc.7.3a' }));
});

test('a stream by cookie that removes what it sends must be opened by a known page', (t) => {
  t.throws(() => requireKnownPageByCookie(anyPage), {
    code: 'INVALID_ARGUMENT',
    message: /^ack .*neither Sec-Fetch-Site nor Origin/,
  });
  for (const head of knownPages) t.notThrows(() => requireKnownPageByCookie(head));
});
