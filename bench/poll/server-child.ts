import { setTimeout as delay } from 'node:timers/promises';
import { serveParent } from '../support/rpc.js';
import { unicastOrders } from './delivery.js';
import type { ServedMemory } from './poll-server.js';
import { serverEntry } from './servers/index.js';

const [name = '', holdTime = ''] = process.argv.slice(2);

const SETTLE_TIME = 200;
const open = await serverEntry(name).load();
const server = await open(Number(holdTime));
let clients = 0;

const handlers = {
  port: (): number => server.port,

  async register(count: number): Promise<string[]> {
    clients += count;
    return server.register(count);
  },

  /** From now on polls are counted for `untilHeld`. */
  expectPolls: (): void => server.held.expect(),

  untilHeld: (goal: number): Promise<void> => server.held.reach(goal),

  /** Memory of the server after a garbage collection, with exactly `connections` open. */
  async memory(connections: number): Promise<ServedMemory> {
    while ((await server.connections()) !== connections) await delay(SETTLE_TIME);
    await delay(SETTLE_TIME);
    return server.memory();
  },

  /** CPU of the server in µs: all its threads, user and system. */
  cpu: (): number => server.cpu(),

  /** CPU in µs per message, including its delivery and the client's next poll. */
  async unicast(passes: number): Promise<number> {
    const orders = unicastOrders(clients, passes);
    const before = server.cpu();
    for (const order of orders) await server.deliverUnicast(order);
    return (server.cpu() - before) / (passes * clients);
  },

  async broadcast(rounds: number): Promise<number> {
    const before = server.cpu();
    for (let round = 0; round < rounds; round++) await server.deliverBroadcast(clients);
    return (server.cpu() - before) / (rounds * clients);
  },

  /** Sends a message to every client, whether or not it polls. */
  async sendToEach(): Promise<void> {
    for (let n = 0; n < clients; n++) await server.unicast(n);
    await delay(0);
  },
};

export type ServerChild = typeof handlers;
serveParent(handlers);
