import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { memoryAfterGc } from '../support/memory.js';
import { deliverBroadcast, deliverUnicast } from './delivery.js';
import { PollCounter } from './poll-counter.js';
import type { PollServer, Publishing } from './poll-server.js';

/**
 * @param http listens already
 * @param polls has been counting. Default: counts the requests of `http`
 */
export function inProcess(http: Server, publishing: Publishing, polls?: PollCounter): PollServer {
  const counter = polls ?? countRequests(http);
  return {
    port: (http.address() as AddressInfo).port,
    held: counter,
    register: (count) => publishing.register(count),
    unicast: (n) => publishing.unicast(n),
    deliverUnicast: (order) => deliverUnicast(publishing, counter, order),
    deliverBroadcast: (clients) => deliverBroadcast(publishing, counter, clients),
    connections: () => openConnections(http),
    cpu() {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    memory: memoryAfterGc,
  };
}

function countRequests(http: Server): PollCounter {
  const counter = new PollCounter();
  http.on('request', counter.count);
  return counter;
}

/**
 * Counts what is read from connections, for a server whose polls don't become requests of `node:http`: the load sends each
 * poll in one piece. To be called after the lane was opened, so that it has been given what is counted.
 */
export function countReads(http: Server): PollCounter {
  const counter = new PollCounter();
  http.on('connection', (socket: Socket) => socket.on('data', counter.count));
  return counter;
}

function openConnections(http: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    http.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
