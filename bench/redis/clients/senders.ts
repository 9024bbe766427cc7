import { createRequire } from 'node:module';
import { Redis } from 'ioredis';
import type { Command } from '../limit/recorded-calls.js';

/** One way to send calls to the script: resolves when the call has its reply. */
export type Send = (call: Command) => Promise<unknown>;

/** The part of `redis` that is used here; the package is not installed with this one. */
interface NodeRedis {
  createClient(options: { url: string }): {
    connect(): Promise<unknown>;
    evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
  };
}

/** Calls in one `EVALSHA` when they are batched: one call for each of many requests in one turn of the event loop. */
const BATCH = 32;

export const SENDERS: Readonly<Record<string, (port: number, redisFolder: string) => Promise<Send>>> = {
  'ioredis, plain': async (port) => plain(new Redis({ port, host: '127.0.0.1' })),
  'ioredis, automatic pipelining': async (port) =>
    plain(new Redis({ port, host: '127.0.0.1', enableAutoPipelining: true })),
  'ioredis, corked for a turn': async (port) => {
    const client = new Redis({ port, host: '127.0.0.1' });
    // Before the client is connected, there is no stream to cork.
    await client.ping();
    return corked(client);
  },
  'ioredis, batched by 32': async (port) => {
    const client = new Redis({ port, host: '127.0.0.1' });
    return batched((sha, keys, rest) => client.evalsha(sha, keys.length, ...keys, ...rest));
  },
  'redis, plain': async (port, folder) => {
    const client = await connectNodeRedis(port, folder);
    return ([sha = '', , key = '', ...rest]) => client.evalSha(sha, { keys: [key], arguments: rest });
  },
  'redis, batched by 32': async (port, folder) => {
    const client = await connectNodeRedis(port, folder);
    return batched((sha, keys, rest) => client.evalSha(sha, { keys: [...keys], arguments: [...rest] }));
  },
};

function plain(client: Redis): Send {
  return ([sha = '', count = '', ...rest]) => client.evalsha(sha, count, ...rest);
}

/** Sends all commands of one turn of the event loop in one write. */
function corked(client: Redis): Send {
  const send = plain(client);
  let isCorked = false;
  return (call) => {
    if (!isCorked) {
      isCorked = true;
      client.stream.cork();
      setImmediate(() => {
        isCorked = false;
        client.stream.uncork();
      });
    }
    return send(call);
  };
}

/** Sends all calls of one turn of the event loop as one command, like the store, and gives each call its reply. */
function batched(send: (sha: string, keys: readonly string[], rest: readonly string[]) => Promise<unknown>): Send {
  let waiting: { readonly call: Command; readonly resolve: (reply: unknown) => void }[] = [];
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    const keys = batch.map(({ call: [, , key = ''] }) => key);
    const rest = batch.flatMap(({ call }) => call.slice(3));
    const replies = await send(batch[0]?.call[0] ?? '', keys, rest);
    if (!Array.isArray(replies)) throw new Error('the script answered no list');
    for (const [index, { resolve }] of batch.entries()) resolve([replies[index]]);
  };
  return (call) =>
    new Promise((resolve) => {
      waiting.push({ call, resolve });
      if (waiting.length === BATCH) void flush();
      else if (waiting.length === 1) setImmediate(() => waiting.length > 0 && void flush());
    });
}

async function connectNodeRedis(port: number, folder: string): Promise<ReturnType<NodeRedis['createClient']>> {
  const { createClient }: NodeRedis = createRequire(`${folder}/`)('redis');
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  await client.connect();
  return client;
}
