import { connect, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { eventually } from '../support/eventually.js';
import { portOf } from '../support/free-port.js';
import { Link } from './link.js';

/** Connects a client and a server's socket over a link. */
async function joined(t: ExecutionContext) {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const link = await Link.start(portOf(server));
  t.teardown(async () => {
    await link.close();
    await new Promise((resolve) => server.close(resolve));
  });
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect({ port: link.port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {});
  const far = (await accepted).on('error', () => {});
  // A socket that has read the end is not notified of a reset.
  t.teardown(() => far.destroy());
  return { link, client, far };
}

/** Returns a function that returns the received numbers. Each number is followed by a comma. */
function heard(socket: Socket): () => readonly string[] {
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  return () => text.split(',').slice(0, -1);
}

test('bytes stay in order while the delay of a link begins and ends', async (t) => {
  const { link, client, far } = await joined(t);
  const arrived = heard(far);
  const sent: string[] = [];
  for (let round = 0; round < 40; round += 1) {
    if (round % 4 === 0) link.delay(3, 2);
    sent.push(String(round));
    client.write(`${round},`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await eventually(() => arrived().length === sent.length);
  t.deepEqual(arrived(), sent);
});

test('a half-closed link still carries the other direction, and breaks after a while', async (t) => {
  const { link, client, far } = await joined(t);
  const arrived = heard(client);
  const closed = new Promise((resolve) => client.once('close', resolve));
  const ended = new Promise((resolve) => far.once('end', resolve));
  far.resume();
  link.halfClose('server');
  await ended;
  far.write('answer,');
  await eventually(() => arrived().length === 1);
  await closed;
  t.pass();
});

test('a cut breaks both ends, and a link without a target refuses connections', async (t) => {
  const { link, client, far } = await joined(t);
  const ends = [client, far].map((socket) => new Promise((resolve) => socket.resume().once('close', resolve)));
  link.cut();
  await Promise.all(ends);
  link.moveTo(0);
  const refused = connect(link.port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => refused.once('close', resolve));
  t.pass();
});
