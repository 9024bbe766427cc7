import test from 'ava';
import { requirePollRequest, requireReader } from '../../src/delivery/poll-request.js';
import { SessionContext, SessionError } from '../../src/index.js';
import { noText, testArgumentRule } from '../support/argument-rule.js';

const context = new SessionContext({ pollTime: 20_000, msgMaxLength: 50 });

test('a poll without options drains as the default reader, for pollTime and msgMaxLength', (t) => {
  const { after, ...request } = requirePollRequest({}, context);
  t.is(after, undefined);
  t.deepEqual(request, { reader: 'default', limit: 50, wait: 20_000, streams: false, drains: true });
});

test('options within their bounds are used unchanged', (t) => {
  const request = { reader: 'tab-1', after: 'abc.7.3a', limit: 1, wait: 0 };
  const after = { epoch: 'abc', offset: 7, proof: 118 };
  t.deepEqual(requirePollRequest(request, context), { ...request, after, streams: false, drains: false });
  t.is(requirePollRequest({ after: '' }, context).after, '');
  t.is(requirePollRequest({ limit: 50 }, context).limit, 50);
  t.is(requirePollRequest({ wait: 20_000 }, context).wait, 20_000);
});

test('a limit above msgMaxLength and a wait above pollTime are reduced to these', (t) => {
  t.is(requirePollRequest({ limit: 51 }, context).limit, 50);
  t.is(requirePollRequest({ wait: 20_001 }, context).wait, 20_000);
});

test('a limit below 1, a negative wait, and either that is not a whole number are refused', (t) => {
  for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const error = t.throws(() => requirePollRequest({ limit }, context), undefined, String(limit));
    t.true(SessionError.is(error, 'INVALID_ARGUMENT') && error.details.argument === 'limit');
  }
  for (const wait of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const error = t.throws(() => requirePollRequest({ wait }, context), undefined, String(wait));
    t.true(SessionError.is(error, 'INVALID_ARGUMENT') && error.details.argument === 'wait');
  }
});

test('a reader is 1 to 64 letters, digits, dots, hyphens or underscores', (t) => {
  for (const reader of ['a', 'Tab-1.b_2', 'x'.repeat(64)]) t.is(requireReader(reader), reader);
  for (const reader of ['', 'a b', ' a', 'ä', 'a/b', 'a\n', '\na', 'x'.repeat(65), null, 5, ['a']]) {
    const error = t.throws(() => requireReader(reader), undefined, String(reader));
    t.true(SessionError.is(error, 'INVALID_ARGUMENT') && error.details.argument === 'reader');
  }
});

testArgumentRule(test, {
  name: 'reader',
  check: requireReader,
  accepts: ['a', 'tab-1.b_2', 'x'.repeat(64)],
  refuses: ['', 'a b', 'ä', 'a/b', 'a\n', 'x'.repeat(65), ...noText],
});
