import { serveParent } from '../../support/rpc.js';
import { OPENING_LANES } from '../plan.js';
import type { DialectName } from '../servers/index.js';
import { Client } from './client.js';
import { dialectOf } from './dialect.js';

const clients: Client[] = [];
let pollsAgain = false;
let answers = 0;
let unanswered = 0;
let allAnswered: () => void = () => {};

const handlers = {
  /**
   * Adds `count` clients, each with a bearer token if the server issues them.
   * @param first number that the server gives the first added client
   */
  add(count: number, first: number, port: number, dialect: DialectName, credentials: readonly string[]): void {
    for (let n = 0; n < count; n++) {
      clients.push(new Client(port, dialectOf(dialect, first + n, credentials[n] ?? '')));
    }
  },

  async connect(): Promise<void> {
    await inLanes(clients, async (client) => {
      await client.connect();
      await client.introduce();
    });
  },

  disconnect(): void {
    for (const client of clients) client.disconnect();
  },

  /** All clients poll, and poll again immediately after each answer. */
  hold(): void {
    pollsAgain = true;
    pollAll();
  },

  /** All clients poll continuously, although hardly any answer has a message. */
  idle(): void {
    for (const client of clients) client.pollOnAndOn();
  },

  stream(): void {
    for (const client of clients) client.stream();
  },

  /** From now on an answered client does not poll again. Resolves when all clients have been answered. */
  rest(): Promise<void> {
    pollsAgain = false;
    return untilAllAnswered();
  },

  /** All clients poll once. Resolves with the time until the last client was answered, in ms. */
  async wave(): Promise<number> {
    const start = performance.now();
    const done = untilAllAnswered();
    pollAll();
    await done;
    return performance.now() - start;
  },

  answers: (): number => answers,

  /** CPU of this process in µs. */
  cpu(): number {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

export type LoadChild = typeof handlers;
serveParent(handlers);

function pollAll(): void {
  unanswered = clients.length;
  for (const client of clients) client.poll(onMessage);
}

function onMessage(client: Client): void {
  answers++;
  if (pollsAgain) client.pollAgain();
  else if (--unanswered === 0) allAnswered();
}

function untilAllAnswered(): Promise<void> {
  return new Promise((resolve) => {
    allAnswered = resolve;
  });
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lane = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: OPENING_LANES }, lane));
}
