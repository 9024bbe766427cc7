import test from 'ava';
import { WebSocket } from 'ws';
import { auto, sse, webSocket } from '../../src/client/index.js';
import { eventually } from '../support/eventually.js';
import { ClientStage, Device, ManualClock, Network, next, take, takeAll } from './client-stage.js';
import { open, start } from './streams-stage.js';

for (const [name, transport] of Object.entries({ sse, webSocket, auto })) {
  test(`${name}: a session that ended before the client connected ends the client, which reports the reason`, async (t) => {
    const stage = await start(t);
    await stage.session.close('evicted');
    t.like(await next(open(stage, transport), 'closed'), { code: 'evicted', reconnect: false });
  });

  test(`${name}: an unknown token is tried once more if it may have changed, then it ends the client`, async (t) => {
    const stage = await start(t);
    let asked = 0;
    const token = () => {
      asked += 1;
      return 'x'.repeat(64);
    };
    t.is((await next(open(stage, transport, { token }), 'closed')).code, 'SESSION_UNKNOWN');
    t.is(asked, 2);
  });

  test(`${name}: after a rotation the client calls its token source again`, async (t) => {
    const stage = await start(t);
    let { token } = stage.session;
    const mailbox = open(stage, transport, { token: () => token });
    const { taken } = takeAll(mailbox);
    await eventually(() => stage.kit.room.held === 1);
    ({ token } = await stage.kit.manager.rotateToken(stage.session.id));
    await stage.push('after the rotation');
    await eventually(() => taken.length === 1);
    t.is(mailbox.closed, undefined);
  });
}

test('webSocket: if the server refuses only the WebSocket, the pauses of the client get longer and longer', async (t) => {
  // This server has no WebSocket route.
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const device = new Device(clock);
  device.luck = 0.5;
  const mailbox = open(stage, webSocket, { device });
  const delays: number[] = [];
  mailbox.on('waiting', ({ delay }) => delays.push(delay));
  for (let count = 1; count <= 3; count += 1) {
    await eventually(() => delays.length === count);
    await clock.advance(delays.at(-1) ?? 0);
  }
  t.deepEqual(delays.slice(0, 3), [250, 500, 1_000]);
});

test('webSocket: a quiet connection with heartbeats is kept, and a connection without heartbeats is opened again', async (t) => {
  const stage = await start(t);
  const clock = new ManualClock();
  let frames = 0;
  class CountingSocket extends WebSocket {
    constructor(url: string, options: object) {
      super(url, options);
      this.on('message', () => {
        frames += 1;
      });
    }
  }
  const mailbox = open(stage, webSocket, { device: new Device(clock), WebSocket: CountingSocket });
  await eventually(() => stage.kit.room.held === 1 && frames === 1);
  for (let beats = 1; beats < 4; beats += 1) {
    await clock.advance(60_000);
    await stage.kit.clock.advance(25_000);
    await eventually(() => frames === 1 + beats);
  }
  t.is(mailbox.state, 'open');
  const waiting = next(mailbox, 'waiting');
  await clock.advance(70_000);
  t.regex(String((await waiting).cause), /No answer/);
  await eventually(() => mailbox.state === 'open' && stage.kit.room.held === 1);
});

test('sse: the page of a captive portal is not taken for a stream, whatever content type it has', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  network.answer = () =>
    new Response('<style>\nid: none.1.1\n\n</style>', { headers: { 'content-type': 'text/html; charset=utf-8' } });
  const mailbox = stage.connect({ transport: sse, fetch: network.fetch });
  t.like((await next(mailbox, 'waiting')).cause, { status: 200, code: undefined });
  network.answer = undefined;
  await stage.push('one');
  t.deepEqual(await take(mailbox, 1), ['one']);
});
