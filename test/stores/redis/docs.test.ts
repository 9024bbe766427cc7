import { readFileSync } from 'node:fs';
import test from 'ava';
import { SessionContext, SessionError } from '../../../src/index.js';
import { RedisStore } from '../../../src/stores/redis/index.js';
import { keyNames } from '../../../src/stores/redis/keys.js';
import { checkRedisOptions, type RedisStoreOptions } from '../../../src/stores/redis/redis-options.js';
import { storeUnavailable } from '../../../src/stores/redis/unavailable.js';

const docs = readFileSync(new URL('../../../../docs/redis.md', import.meta.url), 'utf8');

/** Returns the body cells of the table with this first header cell, row by row. */
function table(firstHeader: string): readonly (readonly string[])[] {
  const lines = docs.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${firstHeader} |`));
  const rows = lines.slice(start + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) => line.slice(2, -2).split(' | '));
}

test('the table of keys lists exactly the keys of keys.ts', (t) => {
  const documented = table('key').map(([key = '']) => /^`\{bb\}:([a-z]+:?)/.exec(key)?.[1] ?? key);
  t.deepEqual(documented.toSorted(), Object.values<string>(keyNames).toSorted());
});

test('the table of options lists exactly the options, with their defaults', (t) => {
  const defaults: Readonly<Record<string, unknown>> = { ...checkRedisOptions({}) };
  const documented = table('option').map(([option = '', fallback = '']) => [option, fallback]);
  for (const [option = '', fallback] of documented) {
    const name = option.replaceAll('`', '');
    const error = t.throws(() => new RedisStore(new SessionContext(), { [name]: Symbol(name) } as RedisStoreOptions));
    t.false(SessionError.is(error) && error.message.includes('is not an option'), name);
    t.is(fallback?.replaceAll('`', ''), String(defaults[name] ?? '–'), name);
  }
  const options: Record<keyof RedisStoreOptions, true> = {
    url: true,
    redis: true,
    cluster: true,
    client: true,
    keyPrefix: true,
    buckets: true,
    replicas: true,
  };
  t.deepEqual(documented.map(([option]) => option?.replaceAll('`', '')).toSorted(), Object.keys(options).toSorted());
});

test('each reason in the table of ping is explained in the error message', (t) => {
  const codes = table('reason').flatMap(([reason = '']) => /^`([A-Z]+)`$/.exec(reason)?.[1] ?? []);
  t.is(codes.length, 6);
  for (const code of codes) t.regex(storeUnavailable(`${code} refused`).message, /^Redis can't be used \(.+\): /);
});
