import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Container } from 'inversify';
import { SessionError, SessionManager, sessionModule, stopOnSignals } from '../../src/index.js';
import { bindingOf, type ServedOptions } from '../stores/nodes/hosted-store.js';

/** A node that is tortured: the whole service behind a plain HTTP server. Prints its port once it serves. */

const [, , text = '{}'] = process.argv;
const options: ServedOptions = JSON.parse(text);
const container = new Container();
container.load(
  sessionModule({ msgMaxLength: 10_000, mailboxMaxBytes: 100_000_000, maxSession: 0 }, bindingOf(options)),
);
const manager = await container.getAsync(SessionManager);

async function answer(request: IncomingMessage, signal: AbortSignal): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const id = searchParams.get('id') ?? '';
  if (pathname === '/create') return { id: (await manager.createSession(searchParams.get('account') ?? 'a')).id };
  if (pathname === '/push') return manager.push(id, Number(searchParams.get('number')));
  const poll = { after: searchParams.get('after') ?? '', wait: Number(searchParams.get('wait')), reader: 'client' };
  const batch = await manager.poll(id, { ...poll, signal });
  return { ...batch, messages: batch.messages.map(({ data }) => data) };
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    response.end(JSON.stringify(await answer(request, gone.signal)));
  } catch (error) {
    const { code, status } = SessionError.is(error) ? error : { code: 'INVALID_ARGUMENT', status: 400 };
    response.writeHead(status).end(JSON.stringify({ code }));
  }
}

const server = createServer((request, response) => void serve(request, response));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : 0 });
});
process.on('disconnect', () => process.exit());
stopOnSignals(async () => {
  await manager.drain();
  server.close();
  server.closeIdleConnections();
  await container.unbindAllAsync();
});
