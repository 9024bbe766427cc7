import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { onEachAdapter, until } from '../support/http-kit.js';
import { startService } from '../support/http-service.js';

// Serial, because the test counts the warnings of the process.
test.serial(
  'listener that throws or rejects: the error is reported, and the operation and other listeners continue',
  async (t) => {
    const { container, manager } = await startService();
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    t.teardown(() => process.off('warning', onWarning));
    const heard: string[] = [];
    manager.on('created', () => {
      throw new Error('thrown');
    });
    manager.on('created', async () => {
      throw new Error('rejected');
    });
    manager.on('created', () => {
      throw undefined;
    });
    manager.on('created', ({ id }) => void heard.push(id));
    const session = await manager.createSession('alice');
    await until(() => warnings.length === 3);
    t.deepEqual(heard, [session.id]);
    t.true(warnings.every(({ name }) => name === 'SessionMailboxWarning'));
    t.is((await manager.authenticate(session.token)).id, session.id);
    await container.unbindAllAsync();
  },
);

test('listener that calls the manager: it can close the session of the event', async (t) => {
  const { container, manager } = await startService();
  manager.on('created', ({ id }) => void manager.closeSession(id, 'revoked'));
  const session = await manager.createSession('alice');
  await settle();
  t.is((await manager.sessionsOfAccount('alice')).length, 0);
  await t.throwsAsync(manager.authenticate(session.token), { code: 'SESSION_CLOSED' });
  await container.unbindAllAsync();
});

test('aborted poll: it rejects, and no other rejection is unhandled', async (t) => {
  const { container, manager } = await startService();
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => rejections.push(reason);
  process.on('unhandledRejection', onRejection);
  t.teardown(() => process.off('unhandledRejection', onRejection));
  const { id } = await manager.createSession('alice');
  for (let round = 0; round < 20; round += 1) {
    const abort = new AbortController();
    const poll = manager.poll(id, { after: '', signal: abort.signal });
    if (round % 2 === 0) await settle();
    abort.abort(new Error('gone'));
    await t.throwsAsync(poll, { message: 'gone' });
  }
  await t.throwsAsync(manager.poll(id, { signal: AbortSignal.abort(new Error('gone before')) }), {
    message: 'gone before',
  });
  await settle();
  t.deepEqual(rejections, []);
  await container.unbindAllAsync();
});

onEachAdapter('abuse of every kind leaves no unhandled rejection', {}, async (t, kit) => {
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown) => rejections.push(reason);
  process.on('unhandledRejection', onRejection);
  t.teardown(() => process.off('unhandledRejection', onRejection));
  const session = await kit.logIn();
  kit.manager.on('closed', () => Promise.reject(new Error('from a listener')));
  for (let round = 0; round < 10; round += 1) {
    const connection = await kit.open();
    connection.send(round % 2 === 0 ? '/poll?after=' : '/poll', { token: session.token });
    if (round % 3 === 0) connection.reset();
  }
  for (const garbage of ['GARBAGE\r\n\r\n', 'GET /poll HTTP/9.9\r\n\r\n', 'GET /poll\r\n', '\u0000\u0001\u0002']) {
    (await kit.open()).sendRaw(garbage);
  }
  await kit.request('/poll?wait=x', { token: session.token });
  await session.close();
  await until(() => kit.room.held === 0);
  await kit.manager.drain();
  await settle();
  t.deepEqual(rejections, []);
  t.is((await kit.request('/sessions', { token: (await kit.logIn()).token })).status, 200);
});
