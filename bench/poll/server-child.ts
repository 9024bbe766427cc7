import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Memory, memoryAfterGc } from '../support/memory.js';
import { serveParent } from '../support/rpc.js';
import { deliverBroadcast, deliverUnicast, unicastOrders } from './delivery.js';
import { PollCounter } from './poll-counter.js';
import { SERVERS } from './servers/index.js';

const [name = ''] = process.argv.slice(2);
const entry = SERVERS[name];
if (entry === undefined) throw new Error(`no server ${JSON.stringify(name)}`);

const SETTLE_TIME = 200;
const open = await entry.load();
const server = await open();
const polls = new PollCounter(server.http);
let clients = 0;

const handlers = {
  port: (): number => (server.http.address() as AddressInfo).port,

  async register(count: number): Promise<string[]> {
    clients += count;
    return server.register(count);
  },

  /** How many polls have come so far: what `untilPolls` counts from. */
  polls: (): number => polls.seen,

  untilPolls: (goal: number): Promise<void> => polls.reaches(goal),

  /** What the process holds with exactly `connections` open, once all that is garbage is gone. */
  async memory(connections: number): Promise<Memory> {
    while ((await openConnections()) !== connections) await delay(SETTLE_TIME);
    await delay(SETTLE_TIME);
    return memoryAfterGc();
  },

  /** CPU of this process in µs: all its threads, user and system. */
  cpu,

  /** CPU in µs per message, its delivery and the client's next poll included. */
  async unicast(passes: number): Promise<number> {
    const orders = unicastOrders(clients, passes);
    const before = cpu();
    for (const order of orders) await deliverUnicast(server, polls, order);
    return (cpu() - before) / (passes * clients);
  },

  async broadcast(rounds: number): Promise<number> {
    const before = cpu();
    for (let round = 0; round < rounds; round++) await deliverBroadcast(server, polls, clients);
    return (cpu() - before) / (rounds * clients);
  },

  /** A message for every client, whether or not it polls. */
  async sendToEach(): Promise<void> {
    for (let n = 0; n < clients; n++) await server.unicast(n);
    await delay(0);
  },
};

export type ServerChild = typeof handlers;
serveParent(handlers);

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function openConnections(): Promise<number> {
  return new Promise((resolve, reject) => {
    server.http.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
