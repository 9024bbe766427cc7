import test from 'ava';
import { serverFor } from '../../../stores/redis/places.js';
import { runCli } from '../../../support/cli-command.js';
import { CliProcess } from '../../../support/cli-process.js';
import { Connection } from '../../../support/http-client.js';
import { oldLibrary } from './old-sessions.js';

const server = serverFor(test);

test('an imported token polls the service, and killing the session by that token ends the poll', async (t) => {
  const old = oldLibrary(server().port);
  t.teardown(() => old.quit());
  const { token } = await old.create({ app: 'shop', id: 'alice', ip: '192.0.2.7' });
  await runCli(['import-redis-sessions', '--from', server().url]);
  const cli = await CliProcess.serve(t, ['--redis', server().url]);
  const headers = { 'Content-Type': 'application/json' };
  await cli.request('/shop/pushsoid/alice', { method: 'POST', body: '{"data":"hi"}', headers });
  const batch = JSON.parse((await cli.request('/poll?app=shop&after=', { token })).body);
  t.like(batch, { messages: [{ data: 'hi' }] });
  const held = await Connection.open(cli.port);
  held.send(`/poll?app=shop&after=${batch.cursor}`, { token });
  await cli.request('/ping');
  t.deepEqual(await cli.json(`/shop/kill/${token}`, { method: 'DELETE' }), { kill: 1 });
  const last = await held.response();
  t.true(last.status === 401 || JSON.parse(last.body).closed.code === 'logout');
  await held.close();
  t.is((await cli.request('/poll?app=shop&wait=0', { token })).status, 401);
  t.is((await cli.request('/poll?app=shop&wait=0', { token: `${'x'.repeat(55)}Z${'0'.repeat(8)}` })).status, 401);
});
