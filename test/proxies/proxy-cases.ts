import { once } from 'node:events';
import { constants, type IncomingHttpHeaders } from 'node:http2';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { limits } from '../support/limits.js';
import { HttpsClient } from './https-client.js';
import { type Node, startNodes } from './nodes.js';
import type { RunningProxy } from './proxy.js';

export type StartProxy = (t: ExecutionContext, ports: readonly [number, number]) => Promise<RunningProxy>;

/** Defines the tests for a documented proxy with the configuration that the page shows. */
export function proxyCases(name: string, start: StartProxy | undefined): void {
  // The proxy is not an npm package, so a contributor may not have it. CI installs it.
  const check = start === undefined ? test.skip : test;

  async function stage(t: ExecutionContext) {
    t.timeout(limits.test);
    const nodes = await startNodes(t);
    const proxy = await start?.(t, [nodes[0].port, nodes[1].port]);
    const client = new HttpsClient(proxy?.port ?? 0);
    t.teardown(() => client.close());
    return { nodes, client };
  }

  check(`${name}: a page logs in and its held poll is answered by a push`, async (t) => {
    const { nodes, client } = await stage(t);
    const cookie = await client.login();
    t.regex(cookie, /^__Host-sid=/);
    const headers = { cookie, origin: client.origin, 'sec-fetch-site': 'same-origin' };
    const held = client.ask('/poll?after=', headers);
    await areHeld(nodes, 1);
    t.is((await nodes[0].sessions.pushToAccount('alice', 'hi')).accepted, 1);
    const { status, headers: fields, body } = await held;
    t.is(status, 200);
    t.is(fields['cache-control'], 'no-store');
    t.deepEqual(valuesOf(body), ['hi']);
  });

  check(`${name}: an origin other than the one that the browser shows is refused`, async (t) => {
    const { client } = await stage(t);
    const cookie = await client.login();
    for (const [origin, status] of [
      [client.origin, 200],
      ['https://evil.example', 403],
      [client.origin.replace('https', 'http'), 403],
      ['https://localhost', 403],
    ] as const) {
      t.is((await client.ask('/poll?after=&wait=0', { cookie, origin })).status, status, origin);
    }
  });

  check(`${name}: the node receives one client address, whatever the client claims`, async (t) => {
    const { client } = await stage(t);
    const { body } = await client.ask('/', { 'x-forwarded-for': '203.0.113.9, 198.51.100.1' });
    t.is(JSON.parse(body).forwarded, '127.0.0.1');
  });

  check(`${name}: the poll of a client that disconnects ends at the node, and no message is lost`, async (t) => {
    const { nodes, client } = await stage(t);
    const cookie = await client.login();
    const hangUp = new AbortController();
    const held = client.ask('/poll?after=', { cookie, origin: client.origin }, hangUp.signal);
    await areHeld(nodes, 1);
    hangUp.abort();
    await t.throwsAsync(held);
    await areHeld(nodes, 0);
    await nodes[1].sessions.pushToAccount('alice', 'later');
    const { body } = await client.ask('/poll?after=', { cookie, origin: client.origin });
    t.deepEqual(valuesOf(body), ['later']);
  });

  check(`${name}: polls share an HTTP/2 connection, and a cancelled poll does not end the others`, async (t) => {
    const { nodes, client } = await stage(t);
    const cookie = await client.login();
    const connection = client.http2();
    t.teardown(() => connection.close());
    const poll = (reader: string) =>
      connection.send(`/poll?after=&reader=${reader}`, { cookie, origin: client.origin });
    const readers = ['one', 'two', 'three'].map(poll);
    // Read the bodies from the start, because a closed stream can't be read any more.
    const bodies = readers.slice(1).map((reader) => text(reader));
    await areHeld(nodes, 3);
    readers[0]?.close(constants.NGHTTP2_CANCEL);
    await areHeld(nodes, 2);
    await nodes[0].sessions.pushToAccount('alice', 'hi');
    for (const body of bodies) t.deepEqual(valuesOf(await body), ['hi']);
  });

  check(
    `${name}: an event arrives when it is pushed, and the stream of a client that disconnects ends at the node`,
    async (t) => {
      const { nodes, client } = await stage(t);
      const cookie = await client.login();
      const headers = { cookie, origin: client.origin };
      const stream = await client.stream('/events?reader=one', headers);
      t.is(stream.response.headers['content-type'], 'text/event-stream');
      const connection = client.http2();
      t.teardown(() => connection.close());
      const over2 = connection.send('/events?reader=two', headers);
      const [head] = (await once(over2, 'response')) as [IncomingHttpHeaders];
      const http2Stream = EventStream.over(Object.assign(over2, { headers: head }));
      for (const each of [stream, http2Stream]) await each.until(({ lastEventId }) => lastEventId !== '');
      for (let pushed = 1; pushed <= 3; pushed += 1) {
        await nodes[pushed % 2 === 0 ? 0 : 1].sessions.pushToAccount('alice', pushed);
        for (const each of [stream, http2Stream]) await each.until(({ events }) => events.length === pushed);
      }
      t.deepEqual(
        [stream.data, http2Stream.data],
        [
          [1, 2, 3],
          [1, 2, 3],
        ],
      );
      const json = { ...headers, 'content-type': 'application/json' };
      const acknowledged = await client.post('/ack?reader=one', json, JSON.stringify({ cursor: stream.lastEventId }));
      t.is(acknowledged.status, 204);
      stream.close();
      over2.close(constants.NGHTTP2_CANCEL);
      await areHeld(nodes, 0, '/events');
    },
  );

  check(
    `${name}: a stopping node ends its stream with retry, and the next stream continues at the other node`,
    async (t) => {
      const { nodes, client } = await stage(t);
      const cookie = await client.login();
      const headers = { cookie, origin: client.origin };
      const stream = await client.stream('/events?reader=one', headers);
      await stream.until(({ lastEventId }) => lastEventId !== '');
      const [first, second] = nodes[0].unanswered.includes('/events') ? nodes : [nodes[1], nodes[0]];
      await second.sessions.pushToAccount('alice', 'before');
      await stream.until(({ events }) => events.length === 1);
      await first.stop();
      await stream.until(({ hasEnded }) => hasEnded);
      t.true((stream.retry ?? 0) > 0);
      await second.sessions.pushToAccount('alice', 'after');
      const next = await client.stream('/events?reader=one', { ...headers, 'last-event-id': stream.lastEventId });
      await next.until(({ events }) => events.length === 1);
      t.deepEqual([stream.data, next.data], [['before'], ['after']]);
    },
  );

  check(`${name}: while one node stops, a client receives every message and sees no error`, async (t) => {
    const { nodes, client } = await stage(t);
    const cookie = await client.login();
    const [first, second] = nodes;
    const received: unknown[] = [];
    const statuses = new Set<number>();
    let cursor = '';
    const pollOnce = async () => {
      const { status, body } = await client.ask(`/poll?after=${cursor}`, { cookie, origin: client.origin });
      statuses.add(status);
      received.push(...valuesOf(body));
      cursor = JSON.parse(body).cursor;
    };
    const until = async (count: number) => {
      while (received.length < count) await pollOnce();
    };
    for (let each = 0; each < 10; each += 1) {
      await first.sessions.pushToAccount('alice', each);
      await until(each + 1);
    }
    const reading = until(20);
    await areHeld(nodes, 1);
    const stopped = first.stop();
    for (let each = 10; each < 20; each += 1) await second.sessions.pushToAccount('alice', each);
    await Promise.all([reading, stopped]);
    t.deepEqual(received, [...Array(20).keys()]);
    t.deepEqual([...statuses], [200]);
  });
}

function areHeld(nodes: readonly Node[], count: number, wanted = '/poll'): Promise<void> {
  const what = `${count} of ${wanted} are held`;
  return eventually(
    () => nodes.flatMap(({ unanswered }) => unanswered).filter((path) => path === wanted).length === count,
    { what },
  );
}

function valuesOf(body: string): readonly unknown[] {
  const { messages } = JSON.parse(body) as { messages: readonly { data: unknown }[] };
  return messages.map(({ data }) => data);
}
