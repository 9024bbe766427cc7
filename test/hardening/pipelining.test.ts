import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { CliProcess } from '../support/cli-process.js';
import { Connection } from '../support/http-client.js';
import { DemoProcess } from '../support/http-demo-process.js';

/** With so little memory, a node that keeps more than it should soon ends. */
const environment = { NODE_OPTIONS: '--max-old-space-size=256' };
const connectionCount = 6;
const requestBytes = 63_000;
const messageCount = 50;
const message = 'x'.repeat(20_000);

/** Returns the resident memory of the process without its code, or 0 if the system does not report it. */
function residentBytes({ pid }: { readonly pid: number }): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) * 1024;
}

/** Opens the connections of a client that sends these bytes and reads no answer. */
async function flood(port: number, text: string): Promise<readonly Connection[]> {
  const connections: Connection[] = [];
  for (let count = 0; count < connectionCount; count += 1) {
    const connection = await Connection.open(port);
    connection.stopReading();
    connections.push(connection.sendRaw(text));
  }
  return connections;
}

async function fullMailbox(demo: DemoProcess): Promise<{ readonly head: string; readonly cookie: string }> {
  const { id, cookie } = await demo.logIn('alice');
  for (let count = 0; count < messageCount; count += 1) {
    const { status } = await demo.push({ session: id }, message);
    if (status !== 200) throw new Error(`The push failed: ${status}`);
  }
  return { cookie, head: `GET /poll?after= HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n\r\n` };
}

test('when pipelined polls of a full mailbox are not read, each connection keeps one answer in memory', async (t) => {
  const demo = await DemoProcess.start(t, undefined, {
    ...environment,
    STORE: 'memory',
    NODE_CONFIG: '{"session":{"maxPoll":1000}}',
  });
  const { head, cookie } = await fullMailbox(demo);
  const before = residentBytes(demo);
  // In total 540 MB of answers.
  const connections = await flood(demo.port, head.repeat(90));
  for (let count = 0; count < 30; count += 1) t.is((await demo.request('/sessions', { cookie })).status, 200);
  t.true(residentBytes(demo) - before < 128 * 1_048_576, `${residentBytes(demo) - before} bytes more`);
  const [reading] = connections;
  reading?.resumeReading();
  for (let count = 0; count < 90; count += 1) {
    const answer = await reading?.response();
    t.is(answer?.status, 200);
    t.is(JSON.parse(answer?.body ?? '').messages.length, messageCount);
  }
  for (const connection of connections) await connection.close();
});

test('a client with too many unanswered requests loses its connection, and no other client does', async (t) => {
  const demo = await DemoProcess.start(t, undefined, { ...environment, STORE: 'memory' });
  const { head, cookie } = await fullMailbox(demo);
  const connections = await flood(demo.port, head.repeat(Math.floor(requestBytes / head.length)));
  for (let count = 0; count < 30; count += 1) t.is((await demo.request('/sessions', { cookie })).status, 200);
  for (const connection of connections) {
    connection.resumeReading();
    await connection.closed();
  }
  t.false(demo.isOver);
});

test('serve with a key ends a connection on which too many requests for its description wait', async (t) => {
  const cli = await CliProcess.serve(t, [], { ...environment, RS_APIKEY: 'key' });
  const head = 'GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const single = (await Connection.open(cli.port)).sendRaw(head);
  const { body } = await single.response();
  await single.close();
  for (let round = 0; round < 5; round += 1) {
    await flood(cli.port, head.repeat(100));
    for (const connection of await flood(cli.port, head.repeat(Math.floor(requestBytes / head.length)))) {
      connection.resumeReading();
      await connection.closed();
      const received = connection.pieces.reduce((sum, size) => sum + size, 0);
      t.true(received < 100 * (body.length + 1_000), `${received} bytes received`);
    }
  }
  for (let count = 0; count < 30; count += 1) t.is((await cli.request('/livez')).status, 200);
  cli.signal('SIGKILL');
  await cli.exit;
});
