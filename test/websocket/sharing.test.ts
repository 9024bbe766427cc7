import test from 'ava';
import { Stage } from './stage.js';

test('attributes set over HTTP are read in the socket, and the other way round', async (t) => {
  const stage = await Stage.start(t);
  const { token } = await stage.logIn();
  const cookie = `sid=${token}`;
  const client = await stage.connect({ cookie });
  t.is((await stage.request('/attributes/theme/dark', { method: 'PUT', cookie })).status, 204);
  t.is(await client.ask({ get: 'theme' }), 'dark');
  t.is(await client.ask({ set: 'cart', value: 'three' }), 'done');
  t.is((await stage.request('/attributes/cart', { cookie })).body, '"three"');
});

test('the application gets the session with the connection event and by sessionOfSocket', async (t) => {
  const stage = await Stage.start(t);
  const { id, token } = await stage.logIn();
  const client = await stage.connect({ token });
  await client.ask({ echo: 'x' });
  t.deepEqual(
    stage.sessions.map((session) => [session.id, session.accountId]),
    [[id, 'alice']],
  );
});
