import { createServer } from 'node:http';
import { attach, type Socket } from 'engine.io';
import { inProcess } from '../in-process.js';
import { listening } from '../listening.js';
import { nextMessage } from '../message.js';
import { HOLD_TIME } from '../plan.js';
import type { PollServer } from '../poll-server.js';

/** engine.io with its polling transport only and without heartbeats during a run, otherwise with its defaults. */
export async function openEngineIo(): Promise<PollServer> {
  const http = createServer();
  const sockets: Socket[] = [];
  const engine = attach(http, {
    transports: ['polling'],
    allowUpgrades: false,
    pingInterval: HOLD_TIME,
    pingTimeout: HOLD_TIME,
  });
  engine.on('connection', (socket: Socket) => sockets.push(socket));
  await listening(http);
  return inProcess(http, {
    register: () => [],
    unicast(n) {
      sockets[n]?.send(JSON.stringify(nextMessage()));
    },
    broadcast() {
      const data = JSON.stringify(nextMessage());
      for (const socket of sockets) socket.send(data);
    },
  });
}
