import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Container } from 'inversify';
import { SessionError, SessionManager, sessionModule, stopOnSignals } from '../../src/index.js';
import { bindingOf, type ServedOptions } from '../stores/nodes/hosted-store.js';
import { setWallClock } from '../stores/nodes/wall-clock.js';
import { steadyNow } from './steady.js';

/** The options with which a node is started. */
export interface NodeOptions {
  readonly store: ServedOptions;
  /** Milliseconds by which its wall clock is ahead. */
  readonly ahead: number;
  /** The file that gets a line for each expiry of which a listener was notified. */
  readonly told: string;
}

/** An order to a running node. */
export type NodeOrder =
  | { readonly order: 'clock'; readonly ahead: number }
  | { readonly order: 'throw' }
  | { readonly order: 'exit' };

/** A node that is tortured: the whole service behind a plain HTTP server. Sends its port when it accepts requests. */

const [, , text = ''] = process.argv;
const { store, ahead, told }: NodeOptions = JSON.parse(text);
setWallClock(ahead);
const container = new Container();
container.load(
  // So small that a mailbox without a poll overflows within a second. A limit exists only if a login sets one.
  sessionModule({ msgMaxLength: 20, gcInterval: 200, maxSession: 0 }, bindingOf(store)),
);
const manager = await container.getAsync(SessionManager);
manager.on('closed', ({ id, reason }) => {
  // Written immediately and by this process, because it may be killed right after.
  if (reason === 'expired') appendFileSync(told, `${JSON.stringify({ pid: process.pid, id, at: steadyNow() })}\n`);
});

type Query = (name: string) => string;
type Action = (query: Query, signal: AbortSignal) => Promise<unknown>;

const actions: Readonly<Record<string, Action>> = {
  '/create': async (query) => {
    const [ttl, maxSession] = [query('ttl'), Number(query('limit'))];
    const options = { maxSession, ...(ttl !== '' && { ttl: Number(ttl) }) };
    const { id, token } = await manager.createSession(query('account'), options);
    return { id, token };
  },
  '/push': (query) => manager.push(query('id'), Number(query('number'))),
  '/poll': async (query, signal) => {
    const options = { after: query('after'), wait: Number(query('wait')), reader: 'client' };
    const batch = await manager.poll(query('id'), { ...options, signal });
    return { ...batch, messages: batch.messages.map(({ offset, data }) => ({ offset, number: data })) };
  },
  '/authenticate': async (query) => ({ id: (await manager.authenticate(query('token'))).id }),
  '/rotate': async (query) => ({ token: (await manager.rotateToken(query('id'))).token }),
  '/close-account': async (query) => ({ closed: await manager.closeAccount(query('account')) }),
  '/list': async (query) => ({ count: (await manager.sessionsOfAccount(query('account'))).length }),
};

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  try {
    const found = await actions[pathname]?.((name) => searchParams.get(name) ?? '', gone.signal);
    response.end(JSON.stringify(found));
  } catch (error) {
    const { code, status } = SessionError.is(error) ? error : { code: 'INVALID_ARGUMENT', status: 400 };
    response.writeHead(status).end(JSON.stringify({ code, message: String(error) }));
  }
}

const server = createServer((request, response) => void serve(request, response));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
});
process.on('message', (order: NodeOrder) => {
  if (order.order === 'clock') setWallClock(order.ahead);
  else if (order.order === 'exit') process.exit(1);
  else {
    setImmediate(() => {
      throw new Error('an exception that is not caught');
    });
  }
});
process.on('disconnect', () => process.exit(1));
stopOnSignals(async () => {
  await manager.drain();
  server.close();
  server.closeIdleConnections();
  await container.unbindAllAsync();
});
