import { serveParent } from '../../support/rpc.js';
import { OPENING_LANES } from '../plan.js';
import type { DialectName } from '../servers/index.js';
import { Client } from './client.js';
import { dialectOf } from './dialect.js';

interface LoadSetup {
  readonly port: number;
  readonly clients: number;
  readonly dialect: DialectName;
  readonly credentials: readonly string[];
}

let clients: Client[] = [];
let pollsAgain = false;
let answers = 0;
let unanswered = 0;
let allAnswered: () => void = () => {};

const handlers = {
  setUp({ port, clients: count, dialect, credentials }: LoadSetup): void {
    clients = Array.from({ length: count }, (_, n) => new Client(port, dialectOf(dialect, n, credentials[n] ?? '')));
  },

  /** Every client makes itself known and hangs up again. */
  async introduce(): Promise<void> {
    await inLanes(clients, async (client) => {
      await client.connect();
      await client.introduce();
      client.disconnect();
    });
  },

  /** The first `count` clients come by for a message that waits for them, and hang up again. */
  async visit(count: number): Promise<void> {
    await inLanes(clients.slice(0, count), async (client) => {
      await client.connect();
      await new Promise<void>((resolve) => client.poll(() => resolve()));
      client.disconnect();
    });
  },

  async connect(): Promise<void> {
    await inLanes(clients, (client) => client.connect());
  },

  /** All clients poll, and poll again at once whenever they are answered. */
  hold(): void {
    pollsAgain = true;
    pollAll();
  },

  /** From now on an answered client rests. Resolves when all have been answered. */
  rest(): Promise<void> {
    pollsAgain = false;
    return untilAllAnswered();
  },

  /** All clients poll once. Resolves with the time until the last was answered, in ms. */
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
