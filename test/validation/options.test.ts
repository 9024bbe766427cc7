import test from 'ava';
import * as v from 'valibot';
import { SessionError } from '../../src/index.js';
import {
  callback,
  checkOptions,
  nonEmptyText,
  objectWith,
  oneOf,
  trueOrFalse,
  wholeNumber,
} from '../../src/validation/options.js';

const known = {
  path: nonEmptyText(),
  buckets: v.optional(wholeNumber(1, 100), 64),
  durability: v.optional(oneOf(['commit', 'interval']), 'commit'),
  secure: v.optional(trueOrFalse(), false),
  warn: v.optional(callback<(text: string) => void>()),
  client: v.optional(objectWith<{ send(): void; close(): void }>('send', 'close')),
  apiKey: v.optional(nonEmptyText()),
};

const rules = { front: 'someStore', known, secrets: ['apiKey'], instead: { url: 'give path in its place' } } as const;

function faultOf(options: unknown): SessionError<'INVALID_CONTEXT'> {
  try {
    checkOptions(rules, options);
  } catch (error) {
    if (SessionError.is(error, 'INVALID_CONTEXT')) return error;
    throw error;
  }
  throw new Error('the options were accepted');
}

test('missing options get their defaults, and given ones are passed on unchanged', (t) => {
  t.deepEqual(checkOptions(rules, { path: 'a' }), { path: 'a', buckets: 64, durability: 'commit', secure: false });
  const client = { send: () => {}, close: () => {} };
  const warn = () => {};
  const checked = checkOptions(rules, { path: 'a', client, warn });
  t.is(checked.client, client);
  t.is(checked.warn, warn);
});

test('the error names front, option, rule and value, in its details and in its message', (t) => {
  const { message, details } = faultOf({ path: 'a', buckets: 101 });
  t.is(message, 'someStore: buckets must be a whole number from 1 to 100; got 101');
  t.deepEqual(details, {
    front: 'someStore',
    field: 'buckets',
    rule: 'must be a whole number from 1 to 100',
    value: '101',
  });
});

for (const [options, text] of [
  [{}, 'someStore: path must be given; got undefined'],
  [{ path: '' }, 'someStore: path must be a string that is not empty; got ""'],
  [{ path: 'a', durability: 'never' }, 'someStore: durability must be one of commit, interval; got "never"'],
  [{ path: 'a', secure: 'yes' }, 'someStore: secure must be true or false; got "yes"'],
  [{ path: 'a', warn: 5 }, 'someStore: warn must be a function; got 5'],
  [{ path: 'a', client: { send() {} } }, 'someStore: client must be an object with send, close; got {}'],
  [null, 'someStore: options must be an object; got null'],
  [[], 'someStore: options must be an object; got []'],
  ['a', 'someStore: options must be an object; got "a"'],
] as const) {
  test(`${text}`, (t) => {
    t.is(faultOf(options).message, text);
  });
}

test('an unknown option is refused, and the error suggests the one that was probably meant', (t) => {
  const textOf = (name: string) => faultOf({ path: 'a', [name]: 8 }).message;
  t.is(textOf('bucket'), 'someStore: bucket is not an option; did you mean buckets?; got 8');
  t.is(textOf('Durability'), 'someStore: Durability is not an option; did you mean durability?; got 8');
  t.is(textOf('colour'), 'someStore: colour is not an option; got 8');
});

test('an option of another version is refused, and the error names what to use instead', (t) => {
  t.is(faultOf({ path: 'a', url: 'b' }).message, 'someStore: url is not an option; give path in its place; got "b"');
});

test('a secret is never quoted, even if its option is misspelt or of a wrong type', (t) => {
  for (const options of [{ apiKey: ['hunter2'] }, { apikey: 'hunter2' }, { api_key: 'hunter2' }]) {
    const { message, details } = faultOf({ path: 'a', ...options });
    t.notRegex(message, /hunter2/);
    t.notRegex(JSON.stringify(details), /hunter2/);
  }
});
