import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import test from 'ava';
import { Redis } from 'ioredis';
import { SessionContext, SessionError } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.js';

const password = 'the-password';
const url = 'redis://127.0.0.1:1';

/** Also accepts options that the types refuse. */
function makeStore(options: unknown): RedisStore {
  return new RedisStore(new SessionContext(), options as RedisStoreOptions);
}

function refusalOf(options: unknown): SessionError<'INVALID_CONTEXT'> {
  try {
    makeStore(options);
  } catch (error) {
    if (SessionError.is(error, 'INVALID_CONTEXT')) return error;
    throw error;
  }
  throw new Error('the options were accepted');
}

test('an unknown option is refused, and the error suggests the option that was probably meant', (t) => {
  t.is(refusalOf({ bucket: 8 }).message, 'redisStore: bucket is not an option; did you mean buckets?; got 8');
});

test('an address in the place of the options is refused, and not quoted', (t) => {
  const { message } = refusalOf(`redis://:${password}@127.0.0.1`);
  t.is(message, 'redisStore: options must be an object, such as { url }; got "string"');
});

test('each option has a rule, which the error message states', (t) => {
  const refused: readonly (readonly [object, string, RegExp])[] = [
    [{ buckets: 0 }, 'buckets', /from 1 to 3844/],
    [{ buckets: 1.5 }, 'buckets', /whole number/],
    [{ buckets: 3_845 }, 'buckets', /from 1 to 3844/],
    [{ keyPrefix: 'a{b}' }, 'keyPrefix', /without braces/],
    [{ keyPrefix: 'x'.repeat(65) }, 'keyPrefix', /at most 64/],
    [{ url: '' }, 'url', /not empty/],
    [{ redis: 'x' }, 'redis', /object/],
    [{ cluster: { nodes: [] } }, 'cluster', /nodes/],
    [{ client: {} }, 'client', /evalsha/],
    [{ replicas: 0 }, 'replicas.count', /from 1 to 100/],
    [{ replicas: '1' }, 'replicas', /a number or \{ count, timeout, fsync \}/],
    [{ replicas: {} }, 'replicas.count', /must be given/],
    [{ replicas: { count: 1, timeout: 0 } }, 'replicas.timeout', /from 1 to 60000/],
    [{ replicas: { count: 1, fsync: 1 } }, 'replicas.fsync', /true or false/],
    [{ replicas: { count: 1, sync: true } }, 'replicas', /a number or/],
  ];
  for (const [options, field, rule] of refused) {
    const { details, message } = refusalOf(options);
    t.true(details.field.startsWith(field), message);
    t.is(details.front, 'redisStore');
    t.regex(details.rule, rule);
  }
});

test('at most one place is accepted; url and redis together count as one', (t) => {
  const client = new Redis({ lazyConnect: true });
  const cluster = { nodes: [{ host: '127.0.0.1', port: 1 }] };
  for (const options of [
    { url, cluster },
    { url, client },
    { redis: {}, cluster },
    { redis: {}, client },
    { cluster, client },
  ]) {
    t.regex(refusalOf(options).message, /at most one of url \(perhaps with redis\), cluster and client/);
  }
  t.notThrows(() => makeStore({ url, redis: { db: 1 } }));
  t.notThrows(() => makeStore({ cluster, url: undefined, buckets: undefined }));
  t.notThrows(() => makeStore({}));
});

test('an error never quotes a value that may contain a password', (t) => {
  const secret = `redis://:${password}@127.0.0.1`;
  const client = new Redis({ lazyConnect: true, password });
  for (const options of [
    { ulr: secret },
    { url: [secret] },
    { redis: secret },
    { redi: { password } },
    { cluster: { nodes: [secret], option: { redisOptions: { password } } } },
    { cluster: { nodes: secret } },
    { clusters: { nodes: [secret] } },
    { client: { password } },
    { clien: client },
    { url: secret, client },
    { url: secret, cluster: { nodes: [secret] } },
  ]) {
    const error = refusalOf(options);
    const shown = `${error}\n${JSON.stringify(error)}\n${inspect(error, { depth: 9, showHidden: true })}`;
    t.false(shown.includes(password), shown);
  }
});

test('a key prefix of ioredis is refused, no matter where it is set', async (t) => {
  const client = new Redis({ lazyConnect: true, keyPrefix: 'a:' });
  for (const options of [
    { client },
    { redis: { keyPrefix: 'a:' } },
    { cluster: { nodes: [url], options: { redisOptions: { keyPrefix: 'a:' } } } },
  ]) {
    t.regex(refusalOf(options).message, /keyPrefix of ioredis must not be set/);
  }
  const error = await t.throwsAsync(makeStore({ url: `${url}?keyPrefix=a:` }).open(noListener));
  t.true(SessionError.is(error, 'INVALID_CONTEXT'));
});

/** Returns the code and the message with which `open` fails when the import of ioredis fails with this error code. */
async function openingFault(code: string): Promise<string> {
  const hooks = `export async function resolve(name, context, next) {
    if (name === 'ioredis') throw Object.assign(new Error('the reason'), { code: '${code}' });
    return next(name, context);
  }`;
  const { href } = new URL('../../../src/', import.meta.url);
  const script = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
    const { SessionContext } = await import('${href}index.js');
    const { RedisStore } = await import('${href}stores/redis/index.js');
    await new RedisStore(new SessionContext()).open({}).catch(({ code, message }) => console.log(code, message));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return text(child.stdout);
}

test('without ioredis the store says which command installs it', async (t) => {
  t.regex(await openingFault('ERR_MODULE_NOT_FOUND'), /^STORE_UNAVAILABLE .*npm install ioredis/);
});

test('an ioredis that is installed but does not load is not reported as missing', async (t) => {
  t.regex(await openingFault('ERR_OTHER'), /^STORE_UNAVAILABLE .*ioredis does not load.*the reason/);
});
