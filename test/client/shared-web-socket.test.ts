import test from 'ava';
import { WebSocket } from 'ws';
import { shared, webSocket } from '../../src/client/index.js';
import { eventually } from '../support/eventually.js';
import { start } from './streams-stage.js';
import { isOpen, listen, open } from './tabs-stage.js';

test('a leader acknowledges over a WebSocket only messages that it has taken', async (t) => {
  const stage = await start(t);
  const sent: unknown[] = [];
  class CookieSocket extends WebSocket {
    constructor(url: string) {
      super(url, { headers: { cookie: `sid=${stage.session.token}`, origin: stage.url } });
    }

    override send(data: string): void {
      sent.push(data);
      super.send(data);
    }
  }
  const options = { transport: shared(webSocket), WebSocket: CookieSocket };
  await stage.push('one');
  await isOpen(open(stage, options));
  const { channel, kinds } = listen(stage);
  t.teardown(() => channel.close());
  await isOpen(open(stage, options));
  await eventually(() => kinds.includes('pong'));
  t.deepEqual(sent, []);
});

test('a leader sends no acknowledgement over a WebSocket that is not open yet', async (t) => {
  const stage = await start(t);
  const sent: unknown[] = [];
  class Connecting {
    onmessage = null;
    onclose = null;
    onerror = null;
    send = (data: string) => void sent.push(data);
    close = () => {};
  }
  const options = { transport: shared(webSocket), WebSocket: Connecting };
  open(stage, options);
  const { channel, kinds } = listen(stage);
  t.teardown(() => channel.close());
  open(stage, options);
  await eventually(() => kinds.includes('pong'));
  t.deepEqual(sent, []);
});
