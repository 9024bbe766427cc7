import test from 'ava';
import { MemoryStore } from '../../src/index.js';
import { bindStore, startService, throwsCode } from '../support/service.js';

test('patchAsBearer sets and deletes attributes and renews the session', async (t) => {
  const { manager, clock, events } = await startService(t);
  const { token, id } = await manager.createSession('alice', { attributes: { theme: 'dark', lang: 'en' } });
  await clock.advance(5_000);
  const session = await manager.patchAsBearer(token, { theme: null, cart: [1, { a: null }] });
  t.deepEqual(session.getAllAttr(), { lang: 'en', cart: [1, { a: null }] });
  t.deepEqual([session.writes, session.reads], [1, 0]);
  t.is(session.lastTime - session.previousTime, 5_000);
  t.deepEqual((await manager.getSession(id)).toJSON(), session.toJSON());
  await clock.settle();
  t.deepEqual(events.names, ['created', 'renewed']);
});

test('patchAsBearer makes an away session online', async (t) => {
  const { manager, clock, events } = await startService(t, { hbGrace: 10_000 });
  const { token } = await manager.createSession('alice');
  await clock.advance(30_000);
  await manager.patchAsBearer(token, { a: 1 });
  await clock.settle();
  t.deepEqual(events.names, ['created', 'away', 'renewed', 'online']);
});

test('closeAsBearer closes the session as logout, or with the reason given', async (t) => {
  const { manager, clock, events } = await startService(t);
  const [one, other] = [await manager.createSession('alice'), await manager.createSession('alice')];
  t.true(await manager.closeAsBearer(one.token));
  t.false(await manager.closeAsBearer(one.token));
  t.true(await manager.closeAsBearer(other.token, 'revoked'));
  await clock.settle();
  t.deepEqual(
    events.of('closed').map(({ id, reason }) => [id, reason]),
    [
      [one.id, 'logout'],
      [other.id, 'revoked'],
    ],
  );
});

test('with a wrong token nothing is patched or closed', async (t) => {
  const { manager, clock, events } = await startService(t);
  const { token, id } = await manager.createSession('alice');
  const old = token;
  await manager.rotateToken(id);
  for (const wrong of [old, id, '', `${id}${'x'.repeat(40)}`, `${'x'.repeat(64)}`, undefined, 5]) {
    await throwsCode(t, manager.patchAsBearer(wrong as string, { a: 1 }), 'SESSION_UNKNOWN');
    t.false(await manager.closeAsBearer(wrong as string));
  }
  await clock.settle();
  t.deepEqual(events.names, ['created', 'rotated']);
  t.is((await manager.getSession(id)).writes, 0);
});

test('the arguments of patchAsBearer and closeAsBearer are checked before the store is called', async (t) => {
  const { manager } = await startService(t);
  const { token } = await manager.createSession('alice');
  for (const attributes of [undefined, null, [], 'x', { a: () => {} }, { '': 1 }, JSON.parse('{"__proto__":1}')]) {
    await throwsCode(t, manager.patchAsBearer(token, attributes), 'INVALID_ARGUMENT');
  }
  await throwsCode(t, manager.closeAsBearer(token, 'bored' as 'logout'), 'INVALID_ARGUMENT');
  t.is((await manager.authenticate(token)).writes, 0);
});

test('previousTime is the activity before the authentication, or lastTime when there was none', async (t) => {
  const { manager, clock } = await startService(t);
  const issued = await manager.createSession('alice');
  t.is(issued.previousTime, issued.createdAt);
  await clock.advance(3_000);
  const looked = await manager.getSession(issued.id);
  t.is(looked.previousTime, looked.lastTime);
  const found = await manager.authenticate(issued.token);
  t.deepEqual([found.previousTime, found.lastTime], [issued.createdAt, issued.createdAt + 3_000]);
});

test("ping resolves or rejects as the store's ping does", async (t) => {
  class AwayStore extends MemoryStore {
    override ping(): Promise<never> {
      return Promise.reject(new Error('read-only'));
    }
  }
  const { manager } = await startService(t);
  t.is(await manager.ping(), undefined);
  const away = await startService(t, {}, { store: bindStore((context, clock) => new AwayStore(context, clock)) });
  await t.throwsAsync(away.manager.ping(), { message: 'read-only' });
});

test('now is the time of the bound clock', async (t) => {
  const { manager, clock } = await startService(t);
  await clock.advance(1_234);
  t.is(manager.now, clock.now());
});
