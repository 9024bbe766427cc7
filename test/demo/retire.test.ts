import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'ava';
import { Application } from '../../demo/application.js';
import type { Configuration } from '../../demo/configuration.js';
import { Operations } from '../../demo/operations/operations.js';
import { memoryStore, SessionContext } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { Connection } from '../support/http-client.js';

const configuration: Configuration = {
  // So long that no idle connection is closed between two requests on a busy machine.
  server: {
    host: '127.0.0.1',
    hosts: [],
    port: 0,
    keepAliveTimeout: 60_000,
    requestTimeout: 60_000,
    maxUnanswered: 100,
  },
  workers: 1,
  data: '.data',
  store: 'memory',
  redis: {},
  adminKey: 'key',
  http: { secure: false, trustedOrigins: [] },
  session: new SessionContext(),
};

class NoOperations extends Operations {
  override readonly startedBy = 'start';
  override readonly restarts = 0;
  override readonly killWorker = undefined;
  override readonly redis = undefined;
  override restart(): void {}
}

async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

test('a retiring process answers an open connection, and ends once no further connection can reach it', async (t) => {
  const application = new Application(configuration, () => memoryStore(), new NoOperations());
  const port = Number(new URL(await application.listen()).port);
  const connection = await Connection.open(port);
  t.is((await connection.send('/livez').response()).headers.get('connection'), 'keep-alive');
  const heard: string[] = [];
  let arrive = () => {};
  const lastConnection = () => {
    heard.push('asked');
    return new Promise<void>((resolve) => {
      arrive = resolve;
    });
  };
  const retiring = application.retire(lastConnection).then(() => heard.push('ended'));
  await eventually(() => heard.includes('asked'));
  t.true(await isRefused(port), 'it has stopped listening before it asks');
  const response = await connection.send('/livez').response();
  t.is(response.status, 200);
  t.is(response.headers.get('connection'), 'close');
  await connection.close();
  // The last connection has closed, but `lastConnection` has not resolved. The process must not end in these turns of the loop.
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  t.deepEqual(heard, ['asked']);
  arrive();
  await retiring;
  t.deepEqual(heard, ['asked', 'ended']);
});
