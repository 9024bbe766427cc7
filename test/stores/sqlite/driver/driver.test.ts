import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { SqliteFault } from '../../../../src/stores/sqlite/driver/sqlite-fault.js';
import { projectPath, readTree } from '../../../architecture/source-tree.js';
import { freshPath } from '../create-sqlite-store.js';

const driver = await loadDriver();
const projectUrl = (path: string) => pathToFileURL(projectPath(path)).href;

test('the driver uses the library built into Node.js if there is one, otherwise the package', (t) => {
  t.is(driver.name, process.getBuiltinModule('node:sqlite') === undefined ? '@photostructure/sqlite' : 'node:sqlite');
});

test('where no library can be loaded, one line says what to install', async (t) => {
  const hooks = `export const resolve = (name, context, next) => {
    if (name.startsWith('@photostructure/')) throw Object.assign(new Error('none'), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  };`;
  const program = `
    import { register } from 'node:module';
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});
    process.getBuiltinModule = () => undefined;
    const { sqliteStore } = await import(${JSON.stringify(projectUrl('.build/src/stores/sqlite/index.js'))});
    const { startSessions } = await import(${JSON.stringify(projectUrl('.build/src/index.js'))});
    await startSessions({}, sqliteStore({ path: ${JSON.stringify(await freshPath(t))} })).catch(({ code, message }) => {
      console.log(code, message);
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  t.regex(stdout, /^STORE_UNAVAILABLE .*use Node\.js 22\.13 or later, or install @photostructure\/sqlite@1\n$/);
});

test('values come back as they were stored, in the order of the columns', async (t) => {
  const database = driver.open(await freshPath(t));
  t.teardown(() => database.close());
  database.exec('CREATE TABLE row (id INTEGER PRIMARY KEY, a, b, c, d)');
  const time = 1_763_649_000_123;
  const bytes = new Uint8Array([0, 255, 7]);
  t.is(database.prepare('INSERT INTO row (a, b, c, d) VALUES (?, ?, ?, ?)').run(time, 'é\u2028😀', null, bytes), 1);
  const row = database.prepare('SELECT d, c, b, a FROM row WHERE id = ?').get(1);
  t.deepEqual([...(row ?? [])], [bytes, null, 'é\u2028😀', time]);
  t.deepEqual(
    [...database.prepare('SELECT a FROM row').all()].map(([a]) => a),
    [time],
  );
  t.is(database.prepare('SELECT a FROM row WHERE id = 2').get(), undefined);
});

test('a busy database is an immediate error, and the holder of the lock is not disturbed', async (t) => {
  const path = await freshPath(t);
  const [one, other] = [driver.open(path), driver.open(path)];
  t.teardown(() => one.close());
  t.teardown(() => other.close());
  one.exec('PRAGMA journal_mode = WAL; CREATE TABLE row (id)');
  one.exec('BEGIN IMMEDIATE');
  const begun = performance.now();
  const fault = t.throws(() => other.exec('BEGIN IMMEDIATE'), { instanceOf: SqliteFault });
  t.true(fault.isBusy);
  t.true(performance.now() - begun < 1_000, 'it did not wait');
  one.exec('INSERT INTO row VALUES (1); COMMIT');
  other.exec('BEGIN IMMEDIATE; COMMIT');
});

test('an error of SQLite has its code, and differs from that of a busy database', async (t) => {
  const database = driver.open(await freshPath(t));
  t.teardown(() => database.close());
  const fault = t.throws(() => database.prepare('SELECT * FROM missing'), { instanceOf: SqliteFault });
  t.deepEqual([fault.code, fault.isBusy], [1, false]);
  t.regex(fault.message, /missing/);
});

test('a statement keeps its database open', async (t) => {
  const path = await freshPath(t);
  const statement = (() => driver.open(path).prepare('SELECT 1'))();
  for (let each = 0; each < 200; each += 1) new Array(100_000).fill(each);
  await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual([...(statement.get() ?? [])], [1]);
});

test('a database may be closed twice', async (t) => {
  const database = driver.open(await freshPath(t));
  database.close();
  t.notThrows(() => database.close());
});

test('no statement of the store has a bare `LIMIT ?`, which SQLite compiles again at each execution', (t) => {
  const sources = [...readTree(['src/stores/sqlite'])].map(([path, text]) => {
    return { path, code: text.replace(/^ \*.*$/gm, '') };
  });
  t.true(
    sources.some(({ code }) => code.includes("'LIMIT ? + 0'")),
    'the sources are seen',
  );
  const found = sources.filter(({ code }) => /LIMIT \?\d*(?! \+ 0)/.test(code)).map(({ path }) => path);
  t.deepEqual(found, []);
});
