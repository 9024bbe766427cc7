import test from 'ava';
import type { Connection } from '../support/http-client.js';
import { DemoProcess } from '../support/http-demo-process.js';
import { RestKit } from '../support/rest-kit.js';

const slowHeads = [
  'POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  'PUT /shop/create/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n',
];

async function statusOf(connection: Connection, text: string): Promise<number> {
  const { status } = await connection.sendRaw(text).response();
  await connection.closed();
  return status;
}

test('the demo answers 408 to a client that does not finish its request, and closes the connection', async (t) => {
  const demo = await DemoProcess.start(t, undefined, { REQUEST_TIMEOUT: '400', STORE: 'memory' });
  for (const head of slowHeads) t.is(await statusOf(await demo.open(), head), 408);
  const { cookie } = await demo.logIn('alice');
  const held = await demo.open();
  t.is((await held.send('/poll?after=&wait=1500', { cookie }).response()).status, 200, 'a poll is a whole request');
  await held.close();
});

test('the REST service answers 408 to a client that does not finish its request', async (t) => {
  const kit = await RestKit.start(t, { rest: { requestTimeout: 400 } });
  for (const head of slowHeads) t.is(await statusOf(await kit.open(), head), 408);
});
