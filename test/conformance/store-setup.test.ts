import test from 'ava';
import { type StoreFactory, testChangeFeed, testSessionStore } from '../../src/conformance/session-store.js';
import { checkStoreAgainstModel } from '../../src/conformance/session-store-model.js';
import { createMemoryStore } from '../stores/memory/create-memory-store.js';

const titleOfCheck = 'create resolves to { store, advance, close }';

function wrongFactory(setup: unknown): StoreFactory {
  // @ts-expect-error: written in JavaScript, it compiles
  return async () => setup;
}

function declared(create: StoreFactory, declare = testSessionStore): Map<string, () => Promise<void>> {
  const tests = new Map<string, () => Promise<void>>();
  declare({ test: (title, body) => void tests.set(title, body), create, timeUnit: 1 });
  return tests;
}

/** Runs the tests in the order of their declaration. @returns the number of tests that fail */
async function countFailures(tests: ReadonlyMap<string, () => Promise<void>>): Promise<number> {
  const results = await Promise.allSettled([...tests.values()].map((body) => body()));
  return results.filter(({ status }) => status === 'rejected').length;
}

async function wrongSetups(): Promise<readonly (readonly [name: string, setup: unknown, fault: RegExp])[]> {
  const right = await createMemoryStore({});
  const { store } = right;
  const withoutPing = { ...right, store: { ...methodsOf(store), ping: undefined } };
  return [
    ['nothing', undefined, /; got undefined$/],
    ['null', null, /; got null$/],
    ['the store itself', store, /; got the store itself$/],
    ['no store', { ...right, store: undefined }, /; it has no store$/],
    ['no advance', { ...right, advance: undefined }, /; it has no function advance$/],
    ['no close', { ...right, close: 1 }, /; it has no function close$/],
    ['a store without ping', withoutPing, /; its store has no method ping$/],
  ];
}

function methodsOf(store: object): Record<string, unknown> {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(store));
  return Object.fromEntries(names.map((name) => [name, Reflect.get(store, name)]));
}

test('with a wrong factory only the first test fails, and its error says what is wrong', async (t) => {
  for (const [name, setup, message] of await wrongSetups()) {
    const tests = declared(wrongFactory(setup));
    const [title, check] = [...tests][0] ?? [];
    t.is(title, titleOfCheck);
    t.true(tests.size > 200);
    t.is(await countFailures(tests), 1, name);
    await t.throwsAsync(async () => check?.(), { name: 'SetupFault', message }, name);
  }
});

test('a rule that runs without the first test reports a wrong factory itself', async (t) => {
  const tests = declared(wrongFactory(undefined));
  tests.delete(titleOfCheck);
  t.is(await countFailures(tests), tests.size);
  await t.throwsAsync(async () => [...tests.values()][0]?.(), { name: 'SetupFault' });
});

test('the suites of the change feed and of the model report a wrong factory, too', async (t) => {
  const create = wrongFactory(null);
  for (const body of declared(create, testChangeFeed).values()) await t.throwsAsync(body, { name: 'SetupFault' });
  await t.throwsAsync(checkStoreAgainstModel({ create, timeUnit: 1, runs: 1 }), { name: 'SetupFault' });
});

test('a right factory passes the first test, which closes the store that the factory created', async (t) => {
  let closed = 0;
  const tests = declared(async (context) => {
    const setup = await createMemoryStore(context);
    return {
      ...setup,
      close: () => {
        closed += 1;
        return setup.close();
      },
    };
  });
  await tests.get(titleOfCheck)?.();
  t.is(closed, 1);
});

test('when a factory rejects, the first test and the rules fail with its error', async (t) => {
  const tests = declared(() => Promise.reject(new Error('no server')));
  await t.throwsAsync(async () => tests.get(titleOfCheck)?.(), { message: 'no server' });
  await t.throwsAsync(async () => [...tests.values()][1]?.(), { message: 'no server' });
});

test('options of the wrong kind are refused when the suite is declared', (t) => {
  // @ts-expect-error: written in JavaScript, it compiles
  t.throws(() => declared('memory'), { message: 'create must be a function' });
  for (const timeUnit of [0, -1, 1.5, Number.NaN]) {
    t.throws(() => testSessionStore({ test: () => {}, create: createMemoryStore, timeUnit }), {
      message: 'timeUnit must be a positive whole number of milliseconds',
    });
  }
});
