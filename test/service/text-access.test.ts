import test from 'ava';
import { SessionManager } from '../../src/index.js';
import { patchTexts, pushText } from '../../src/service/text-access.js';
import { startService, throwsCode } from '../support/service.js';

test('patchTexts stores the given JSON texts and deletes keys with null', async (t) => {
  const { manager, events } = await startService(t);
  const { id } = await manager.createSession('alice', { attributes: { theme: 'dark', size: 1 } });
  events.clear();
  // The spaces show that the text is stored unchanged.
  const session = await patchTexts(manager, id, { theme: null, cart: '{ "items": [ 1 ] }' });
  t.deepEqual({ ...session.attributeTexts }, { size: '1', cart: '{ "items": [ 1 ] }' });
  t.deepEqual(session.getAttr('cart'), { items: [1] });
  await session.setAttr('size', 2);
  t.is((await manager.getSession(id)).getAttr('size'), 2, 'the session writes through, as any other');
  t.deepEqual(events.names, []);
});

test('patchTexts refuses the keys that patchSession refuses, and changes nothing', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  for (const key of ['__proto__', 'constructor', 'prototype', '', 'a\tb', 'k'.repeat(129)]) {
    const patch = Object.fromEntries([
      ['theme', '"dark"'],
      [key, '1'],
    ]);
    t.is((await throwsCode(t, patchTexts(manager, id, patch), 'INVALID_ARGUMENT')).details.argument, 'attribute key');
  }
  t.deepEqual({ ...(await manager.getSession(id)).attributeTexts }, {});
});

test('pushText delivers the given JSON text, and accepts a key like push', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  t.deepEqual(await pushText(manager, id, '{ "a": 1 }', { key: 'k' }), { accepted: 1, dropped: 0, refused: 0 });
  await pushText(manager, id, '{ "a": 2 }', { key: 'k' });
  const { messages } = await manager.poll(id, { after: '', wait: 0 });
  t.deepEqual(
    messages.map(({ json, key }) => [json, key]),
    [['{ "a": 2 }', 'k']],
  );
});

test('pushText is bounded like push, in bytes of UTF-8, and by the mailbox', async (t) => {
  const { manager, events } = await startService(t, { msgMaxBytes: 8, msgMaxLength: 1, onOverflow: 'reject' });
  const { id } = await manager.createSession('alice');
  await throwsCode(t, pushText(manager, id, '"☃☃☃"'), 'MESSAGE_TOO_LARGE');
  await throwsCode(t, pushText(manager, id, '1', { key: '' }), 'INVALID_ARGUMENT');
  await pushText(manager, id, '"☃☃"');
  await throwsCode(t, pushText(manager, id, '1'), 'MAILBOX_FULL');
  t.is((await manager.getSession(id)).undelivered, 1);
  t.is(events.of('overflow').length, 1);
});

test('text access is checked and refused like the methods of the manager', async (t) => {
  const { manager, container } = await startService(t);
  const { id, token } = await manager.createSession('alice');
  const other = manager.inApp('other');
  await throwsCode(t, patchTexts(other, id, {}), 'SESSION_UNKNOWN');
  await throwsCode(t, pushText(other, id, '1'), 'SESSION_UNKNOWN');
  await throwsCode(t, patchTexts(manager, token, {}), 'INVALID_ARGUMENT');
  await throwsCode(t, pushText(manager, token, '1'), 'INVALID_ARGUMENT');
  await container.unbindAllAsync();
  await throwsCode(t, patchTexts(manager, id, {}), 'STOPPED');
  await throwsCode(t, pushText(manager, id, '1'), 'STOPPED');
});

test('a manager has no methods for texts', (t) => {
  for (const name of ['patchTexts', 'pushText', 'runtime']) t.false(name in SessionManager.prototype, name);
});
