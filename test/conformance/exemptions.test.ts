import test from 'ava';
import { testSessionStore } from '../../src/conformance/session-store.js';
import { createMemoryStore } from '../stores/memory/create-memory-store.js';

const aRule = 'touch renews and counts no read';

/** Returns the tests that the suite declares for the memory store. */
function declared(exemptions: Readonly<Record<string, string>>): Map<string, () => Promise<void>> {
  const tests = new Map<string, () => Promise<void>>();
  testSessionStore({
    test: (title, body) => void tests.set(title, body),
    create: createMemoryStore,
    timeUnit: 1,
    exemptions,
  });
  return tests;
}

test('an exempt rule is declared with the reason of its exemption, and fails while the store follows the rule', async (t) => {
  const tests = declared({ [aRule]: 'it is only an example' });
  t.false(tests.has(aRule));
  const exempt = tests.get(`exempt, because it is only an example: ${aRule}`);
  await t.throwsAsync(async () => exempt?.(), { message: /remove its exemption/ });
});

test('an exempt rule passes while the store breaks it', async (t) => {
  const tests = new Map<string, () => Promise<void>>();
  testSessionStore({
    test: (title, body) => void tests.set(title, body),
    create: async (context) => {
      const setup = await createMemoryStore(context);
      setup.store.touch = () => Promise.reject(new Error('broken'));
      return setup;
    },
    timeUnit: 1,
    exemptions: { [aRule]: 'it can not touch' },
  });
  await t.notThrowsAsync(async () => tests.get(`exempt, because it can not touch: ${aRule}`)?.());
});

test('an exemption of an unknown rule is refused when the suite is declared', (t) => {
  t.throws(() => declared({ 'no such rule': 'of a typing error' }), { message: /no rule is called 'no such rule'/ });
});
