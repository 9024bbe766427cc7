import test from 'ava';
import { importFlags } from '../../../src/cli/import-settings.js';
import { serveFlags } from '../../../src/cli/serve-settings.js';
import { managerRules, redisRules } from '../../../src/compat/redis-sessions/class/class-options.js';
import { defaultNamespace, storeOptions } from '../../../src/compat/redis-sessions/class/client-options.js';
import { RedisSessions } from '../../../src/compat/redis-sessions/class/index.js';
import { redisSessionsErrorNames } from '../../../src/compat/redis-sessions/class/redis-sessions-error.js';
import { defaultCacheMax } from '../../../src/compat/redis-sessions/class/session-cache.js';
import { contextOf } from '../../../src/compat/redis-sessions/class/started-service.js';
import { openApiDocument, RestOptions } from '../../../src/compat/redis-sessions/rest/index.js';
import { readProjectFile } from '../../architecture/source-tree.js';
import { nameIn, readTable, rowsByName } from '../../docs/tables.js';
import { RestKit } from '../../support/rest-kit.js';

const classPage = readProjectFile('docs/redis-sessions.md');
const restPage = readProjectFile('docs/rest.md');

function rowsOf(page: string, header: string): Readonly<Record<string, readonly string[]>> {
  return rowsByName(readTable(page, header));
}

function withoutTicks(cell: string | undefined): string | undefined {
  return cell === '' ? undefined : cell?.replaceAll('`', '');
}

test('the table of the class’s options has every option with its default, and no other', (t) => {
  const rows = rowsOf(classPage, '| option | default | meaning |');
  const { client: _refused, ...taken } = redisRules;
  t.deepEqual(Object.keys(rows).toSorted(), Object.keys({ ...taken, ...managerRules }).toSorted());
  const { redis } = storeOptions({});
  const actual = {
    port: redis?.port,
    host: redis?.host,
    namespace: defaultNamespace,
    wipe: (contextOf({}).gcInterval ?? 0) / 1_000,
    cachetime: 0,
    cachemax: defaultCacheMax,
  };
  for (const [name, [stated]] of Object.entries(rows)) {
    const value = Object.entries(actual).find(([each]) => each === name)?.[1];
    t.is(withoutTicks(stated), value === undefined ? undefined : String(value), name);
  }
});

test('the table of methods has every method of the class, and no other', (t) => {
  const stated = readTable(classPage, '| method | result |').map(([cell]) => /^\w+/.exec(nameIn(cell))?.[0]);
  const actual = Object.getOwnPropertyNames(RedisSessions.prototype).filter((name) => name !== 'constructor');
  t.deepEqual(stated.toSorted(), actual.toSorted());
});

test('the table of error names has every name, and no other', (t) => {
  t.deepEqual(Object.keys(rowsOf(classPage, '| name | when |')), [...redisSessionsErrorNames]);
});

function flagNames(flags: object): readonly string[] {
  return Object.keys(flags)
    .filter((name) => name !== 'help')
    .map((name) => `--${name}`)
    .toSorted();
}

test('the tables of flags have every flag, and no other', (t) => {
  const importRows = rowsOf(classPage, '| flag of `import-redis-sessions` | default | meaning |');
  t.deepEqual(Object.keys(importRows).toSorted(), flagNames(importFlags));
  const serveRows = rowsOf(restPage, '| flag of `serve` | variable | default | meaning |');
  t.deepEqual(Object.keys(serveRows).toSorted(), flagNames(serveFlags));
});

test('the table of the flags of serve names every variable that is read, with its flag', (t) => {
  const rows = rowsOf(restPage, '| flag of `serve` | variable | default | meaning |');
  for (const [name, flag] of Object.entries(serveFlags)) {
    const stated = rows[`--${name}`]?.[0]?.match(/RS_[A-Z]+/g) ?? [];
    t.deepEqual([...stated], flag.help.match(/RS_[A-Z]+/g) ?? [], name);
  }
  const read = readProjectFile('src/cli/serve-settings.ts').match(/given\('RS_[A-Z]+'\)/g) ?? [];
  const stated = Object.values(rows).flatMap(([variables]) => variables?.match(/RS_[A-Z]+/g) ?? []);
  t.deepEqual(new Set(stated.toSorted()), new Set(read.map((each) => each.slice(7, -2)).toSorted()));
});

/** Returns the routes as `METHOD /path?names`, with parameters as the table writes them. */
function documentedRoutes(): readonly string[] {
  return Object.entries(openApiDocument.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const parameters: readonly { readonly name: string; readonly in: string }[] =
        'parameters' in operation ? operation.parameters : [];
      const names = parameters.filter((each) => each.in === 'query').map(({ name }) => `${name}=`);
      const query = names.length === 0 ? '' : `?${names.join('&')}`;
      return `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}${query}`;
    }),
  );
}

test('the table of routes has every route with its parameters, and no other', (t) => {
  const rows = rowsOf(restPage, '| route of the service | answer |');
  t.deepEqual(Object.keys(rows).toSorted(), documentedRoutes().toSorted());
});

test('the table of metrics has every metric that is specific to this service, with its labels', async (t) => {
  const kit = await RestKit.start(t);
  await kit.create('/shop/create/alice?ip=192.0.2.7');
  await kit.send('POST', '/shop/pushsoid/alice', { data: 1 });
  const { body } = await kit.get('/metrics');
  const rows = rowsOf(restPage, '| metric | labels | meaning |');
  const everywhere = rowsOf(readProjectFile('docs/metrics.md'), '| metric | label | kind | meaning |');
  const names = [...body.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
  t.deepEqual([...Object.keys(everywhere), ...Object.keys(rows)].toSorted(), names.toSorted());
  for (const [name, [stated = '']] of Object.entries(rows)) {
    const labels = new RegExp(`^${name}(?:_count)?(?:\\{([^}]*)\\})? `, 'm').exec(body)?.[1] ?? '';
    const found = [...labels.matchAll(/(\w+)="/g)].map(([, label]) => `\`${label}\``);
    t.is(stated, found.join(', '), name);
  }
});

test('the table of the module’s options has every option with its default, and no other', (t) => {
  const rows = rowsOf(restPage, '| option of `restModule` | default | meaning |');
  const actual = Object.entries(new RestOptions()).map(([name, value]) => [
    name,
    value === undefined ? undefined : String(value),
  ]);
  t.deepEqual(
    Object.entries(rows).map(([name, [value]]) => [name, withoutTicks(value)]),
    actual,
  );
});
