import { createServer } from 'node:http';
import faye from 'faye';
import { inProcess } from '../in-process.js';
import { listening } from '../listening.js';
import { nextMessage } from '../message.js';
import { HOLD_TIME } from '../plan.js';
import type { PollServer } from '../poll-server.js';

/** faye's Bayeux over long polling: a channel for each client, and one channel to which all clients subscribe. */
export async function openFaye(): Promise<PollServer> {
  const http = createServer();
  const adapter = new faye.NodeAdapter({ mount: '/faye', timeout: HOLD_TIME / 1000 });
  adapter.attach(http);
  const publisher = adapter.getClient();
  await listening(http);
  return inProcess(http, {
    register: () => [],
    unicast(n) {
      publisher.publish(`/client/${n}`, nextMessage());
    },
    broadcast() {
      publisher.publish('/all', nextMessage());
    },
  });
}
