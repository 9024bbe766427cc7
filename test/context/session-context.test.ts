import test from 'ava';
import { SessionContext, type SessionContextOptions, SessionError } from '../../src/index.js';

const defaults = {
  gcTime: 900_000,
  gcInterval: 1_000,
  maxAge: 2_592_000_000,
  hbTime: 2_000,
  hbGrace: 10_000,
  maxSession: 5,
  onMaxSession: 'reject',
  msgMaxLength: 50,
  msgMaxBytes: 65_536,
  mailboxMaxBytes: 1_048_576,
  messageTtl: 0,
  onOverflow: 'drop-oldest',
  pollTime: 25_000,
  pollRenews: true,
  maxReader: 8,
  maxPoll: 16,
  maxSocket: 64,
  attributesMaxBytes: 1_048_576,
  maxWaiter: 100_000,
  streamMaxBytes: 2_097_152,
  tombstoneTime: 60_000,
  drainTime: 5_000,
} as const satisfies Required<SessionContextOptions>;

type Field = keyof typeof defaults;

const century = 3_155_760_000_000;
const longestTimer = 2_147_483_647;

const numbers: readonly (readonly [Field, least: number, most: number])[] = [
  ['gcTime', 1, century],
  ['gcInterval', 1, longestTimer],
  ['maxAge', 0, century],
  ['hbTime', 1, longestTimer],
  ['hbGrace', 1, century],
  ['maxSession', 0, 1_000_000],
  ['msgMaxLength', 1, 1_000_000],
  ['msgMaxBytes', 1, 1_073_741_824],
  ['mailboxMaxBytes', 1, 1_073_741_824],
  ['messageTtl', 0, century],
  ['pollTime', 0, longestTimer],
  ['maxReader', 1, 1_000],
  ['maxPoll', 1, 1_000_000],
  ['maxSocket', 1, 1_000_000],
  ['attributesMaxBytes', 1, 1_073_741_824],
  ['maxWaiter', 0, 100_000_000],
  ['streamMaxBytes', 0, 2_147_483_648],
  ['tombstoneTime', 0, century],
  ['drainTime', 0, longestTimer],
];

const choices: readonly (readonly [Field, readonly (string | boolean)[]])[] = [
  ['onMaxSession', ['reject', 'evict-oldest', 'evict-idle']],
  ['onOverflow', ['drop-oldest', 'drop-newest', 'reject', 'close']],
  ['pollRenews', [true, false]],
];

function faultOf(options: unknown): SessionError<'INVALID_CONTEXT'> {
  try {
    new SessionContext(options as SessionContextOptions);
  } catch (error) {
    if (SessionError.is(error, 'INVALID_CONTEXT')) return error;
    throw error;
  }
  throw new Error('the context was accepted');
}

test('every field has its default', (t) => {
  t.deepEqual({ ...new SessionContext() }, { ...defaults });
  t.deepEqual({ ...new SessionContext({ gcTime: undefined } as unknown as SessionContextOptions) }, { ...defaults });
});

test('the tables here cover every field', (t) => {
  const covered = [...numbers.map(([field]) => field), ...choices.map(([field]) => field)];
  t.deepEqual(covered.toSorted(), Object.keys(defaults).toSorted());
});

for (const [field, least, most] of numbers) {
  test(`${field} is a whole number from ${least} to ${most}`, (t) => {
    // Prevents that a rule between two fields fails first.
    const companion =
      field === 'msgMaxBytes' ? { mailboxMaxBytes: most } : { msgMaxBytes: 1, maxPoll: 1_000_000, maxReader: 1 };
    for (const value of [least, most]) t.is(new SessionContext({ ...companion, [field]: value })[field], value);
    for (const value of [least - 1, most + 1, least + 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, true, {}]) {
      const { details, message } = faultOf({ ...companion, [field]: value });
      t.is(details.field, field);
      t.is(details.rule, `must be a whole number from ${least} to ${most}`);
      t.is(message, `SessionContext: ${field} ${details.rule}; got ${details.value}`);
    }
    t.is(faultOf({ ...companion, [field]: least - 1 }).details.value, String(least - 1));
  });
}

for (const [field, values] of choices) {
  test(`${field} is one of ${values.join(', ')}`, (t) => {
    for (const value of values) t.like(new SessionContext({ [field]: value }), { [field]: value });
    for (const value of ['', 'other', 0, 1, null, {}, 'toString', 'true']) {
      const { details, message } = faultOf({ [field]: value });
      t.is(details.field, field);
      t.true(
        message.startsWith(`SessionContext: ${field} must be `) && message.endsWith(`got ${JSON.stringify(value)}`),
        message,
      );
    }
  });
}

test('an unknown field is refused by its name', (t) => {
  for (const field of ['', 'toString', 'constructor', '__proto__']) {
    const { details } = faultOf(JSON.parse(`{"maxSession":5,${JSON.stringify(field)}:7}`));
    t.deepEqual(details, { front: 'SessionContext', field, rule: 'is not an option', value: '7' });
  }
});

test('a misspelt field is refused, and the error suggests the one that was probably meant', (t) => {
  for (const [field, meant] of [
    ['maxSessions', 'maxSession'],
    ['maxsession', 'maxSession'],
    ['gctime', 'gcTime'],
    ['msgMaxByte', 'msgMaxBytes'],
  ] as const) {
    const { details } = faultOf({ [field]: 7 });
    t.is(details.rule, `is not an option; did you mean ${meant}?`);
  }
});

test('options that are not an object are refused', (t) => {
  for (const [value, quoted] of [
    [null, 'null'],
    [5, '5'],
    ['five', '"five"'],
    [[], '[]'],
  ] as const) {
    const { details } = faultOf(value);
    t.deepEqual(details, { front: 'SessionContext', field: 'options', rule: 'must be an object', value: quoted });
  }
});

test('maxPoll must be at least maxReader', (t) => {
  const { details } = faultOf({ maxReader: 17, maxPoll: 16 });
  t.deepEqual([details.field, details.value], ['maxPoll', '16']);
  t.regex(details.rule, /at least maxReader \(17\)/);
  t.is(new SessionContext({ maxReader: 17 }).maxPoll, 17);
  t.notThrows(() => new SessionContext({ maxReader: 17, maxPoll: 17 }));
});

test('mailboxMaxBytes must be at least msgMaxBytes', (t) => {
  const { details, message } = faultOf({ msgMaxBytes: 100, mailboxMaxBytes: 99 });
  t.is(details.field, 'mailboxMaxBytes');
  t.is(details.value, '99');
  t.regex(message, /msgMaxBytes \(100\)/);
  t.is(faultOf({ mailboxMaxBytes: 1_000 }).details.field, 'mailboxMaxBytes');
  t.notThrows(() => new SessionContext({ msgMaxBytes: 100, mailboxMaxBytes: 100 }));
});

test('a long value is quoted in part', (t) => {
  const { message } = faultOf({ onOverflow: 'x'.repeat(10_000) });
  t.true(message.length < 250);
  t.true(message.endsWith('…'));
});

test('a context is frozen', (t) => {
  const context = new SessionContext();
  t.true(Object.isFrozen(context));
  t.throws(() => Object.assign(context, { maxSession: 6 }), { instanceOf: TypeError });
});

test('a context created from another has the same fields', (t) => {
  const context = new SessionContext({ maxSession: 7, pollRenews: false });
  t.deepEqual(new SessionContext(context), context);
});

test('readerGrace is twice pollTime plus hbGrace', (t) => {
  t.is(new SessionContext().readerGrace, 60_000);
  t.is(new SessionContext({ pollTime: 100, hbGrace: 7 }).readerGrace, 207);
});
