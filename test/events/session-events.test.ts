import test, { type ExecutionContext } from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { everyApp, SessionEvents } from '../../src/events/session-events.js';
import type { SessionReference } from '../../src/index.js';
import { startService } from '../support/service.js';

const reference: SessionReference = { app: 'default', id: 'x'.repeat(24), accountId: 'alice' };

/** Collects the process warnings during the test. */
function collectWarnings(t: ExecutionContext): readonly Error[] {
  const warnings: Error[] = [];
  const listener = (warning: Error) => void warnings.push(warning);
  process.on('warning', listener);
  t.teardown(() => process.off('warning', listener));
  return warnings;
}

test('listeners are called in the order of the events, each for its own event', async (t) => {
  const events = new SessionEvents();
  const heard: string[] = [];
  events.on('default', 'online', ({ id }) => heard.push(`online ${id.length}`));
  events.on('default', 'away', ({ accountId }) => heard.push(`away ${accountId}`));
  events.emit('away', reference);
  events.emit('online', reference);
  events.emit('away', reference);
  t.deepEqual(heard, [], 'not called within the operation');
  await settle();
  t.deepEqual(heard, ['away alice', 'online 24', 'away alice']);
});

test('a listener is called only for its own app', async (t) => {
  const events = new SessionEvents();
  events.on('other', 'online', () => t.fail());
  events.emit('online', reference);
  await settle();
  t.pass();
});

test('a listener of every app is called for each app, after the listeners of that app', async (t) => {
  const events = new SessionEvents();
  const heard: string[] = [];
  const listener = ({ app }: SessionReference) => void heard.push(`all: ${app}`);
  events.on(everyApp, 'online', listener);
  events.on('other', 'online', ({ app }) => heard.push(`own: ${app}`));
  events.emit('online', reference);
  events.emit('online', { ...reference, app: 'other' });
  await settle();
  t.deepEqual(heard, ['all: default', 'own: other', 'all: other']);
  events.off(everyApp, 'online', listener);
  events.emit('online', reference);
  await settle();
  t.is(heard.length, 3);
});

test('a listener added twice is called once, and a removed one is not called', async (t) => {
  const events = new SessionEvents();
  let count = 0;
  const listener = () => {
    count += 1;
  };
  events.on('default', 'online', listener);
  events.on('default', 'online', listener);
  events.emit('online', reference);
  await settle();
  t.is(count, 1);
  events.off('default', 'away', listener);
  events.off('nowhere', 'online', listener);
  events.off('default', 'online', listener);
  events.emit('online', reference);
  await settle();
  t.is(count, 1);
});

test('a listener may remove itself or add another while it is called', async (t) => {
  const events = new SessionEvents();
  const heard: string[] = [];
  const once = () => {
    heard.push('once');
    events.off('default', 'online', once);
    events.on('default', 'online', () => heard.push('added'));
  };
  events.on('default', 'online', once);
  events.on('default', 'online', () => heard.push('always'));
  events.emit('online', reference);
  await settle();
  t.deepEqual(heard, ['once', 'always']);
  events.emit('online', reference);
  await settle();
  t.deepEqual(heard, ['once', 'always', 'always', 'added']);
});

test.serial('an exception in a listener is reported as a warning, and the other listeners are called', async (t) => {
  const warnings = collectWarnings(t);
  const { manager } = await startService(t);
  const heard: string[] = [];
  manager.on('created', () => {
    throw new Error('listener broke');
  });
  manager.on('created', ({ id }) => heard.push(id));
  const session = await manager.createSession('alice');
  await settle();
  t.deepEqual(heard, [session.id]);
  t.is(warnings.length, 1);
  t.is(warnings[0]?.name, 'SessionMailboxWarning');
});

test.serial('a rejection of a listener is reported as a warning, and the other listeners are called', async (t) => {
  const warnings = collectWarnings(t);
  const { manager } = await startService(t);
  manager.on('created', async () => {
    throw new Error('listener broke later');
  });
  manager.on('created', () => Promise.reject(undefined));
  await t.notThrowsAsync(manager.createSession('alice'));
  await settle();
  t.is(warnings.length, 2);
});

test('a listener may call the service, and the operation has already finished there', async (t) => {
  const { manager } = await startService(t);
  const seen: number[] = [];
  manager.on('created', async ({ id }) => {
    await manager.push(id, 'welcome');
    seen.push((await manager.getSession(id)).undelivered);
  });
  await manager.createSession('alice');
  await settle();
  t.deepEqual(seen, [1]);
});

test('all listeners have been called when the operation resolves', async (t) => {
  const { manager } = await startService(t);
  let count = 0;
  manager.on('created', () => {
    count += 1;
  });
  await manager.createSession('alice');
  t.is(count, 1);
});

test('on and off can be chained', async (t) => {
  const { manager } = await startService(t);
  const listener = () => {};
  t.is(manager.on('away', listener).off('away', listener), manager);
});

test('no event contains a secret', async (t) => {
  const { manager, clock, events } = await startService(t, {
    maxSession: 2,
    onMaxSession: 'evict-oldest',
    msgMaxLength: 1,
  });
  const tokens: string[] = [];
  for (let count = 0; count < 3; count += 1) tokens.push((await manager.createSession('alice')).token);
  const session = await manager.authenticate(tokens[2] ?? '');
  tokens.push((await manager.rotateToken(session.id)).token);
  await manager.pushToApp(1);
  await manager.pushToApp(2);
  await clock.advance(20_000);
  await session.touch();
  await session.replace((await manager.sessionsOfAccount('alice'))[0] ?? session);
  t.deepEqual(new Set(events.names).size, 8, 'all of them were heard');
  const text = JSON.stringify(events.entries);
  for (const token of tokens) t.false(text.includes(token.slice(24)));
  t.false(/secret|hash|token/i.test(text));
});

test('an event that does not exist, and a listener that is no function, are refused', async (t) => {
  const { manager } = await startService(t);
  const on: (...args: readonly unknown[]) => unknown = (...args) => Reflect.apply(manager.on, manager, args);
  t.throws(() => on('close', () => {}), {
    code: 'INVALID_ARGUMENT',
    message: /^event must be one of created, .*; got "close"/,
  });
  t.throws(() => on('constructor', () => {}), { code: 'INVALID_ARGUMENT' });
  t.throws(() => on('closed'), { code: 'INVALID_ARGUMENT', message: /^listener must be a function/ });
});
