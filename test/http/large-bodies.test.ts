import { onEachAdapter } from '../support/http-kit.js';

// More than Node reads at once, so that a part of the body has not arrived when it is refused.
const cursor = 'x'.repeat(200_000);

onEachAdapter(
  'after a body that is too large, a connection that stays open answers its next request',
  {},
  async (t, kit) => {
    const { token } = await kit.logIn();
    // Neither the refused request nor a proxy that sent it for its client needs a session.
    const headers = { 'content-type': 'application/json' };
    const connection = await kit.open();
    connection.send('/ack', { method: 'POST', headers, body: JSON.stringify({ cursor }) });
    const refused = await connection.response();
    t.true(refused.status === 400 || refused.status === 401, String(refused.status));
    connection.send('/poll?wait=0&after=', { token });
    const answer = await connection.response().catch((error) => {
      if (!connection.isClosed) throw error;
    });
    t.true(answer === undefined || answer.status === 200);
  },
);
