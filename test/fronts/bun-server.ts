// Run by Bun, not by AVA: the fetch handler on `Bun.serve`, with routes by which the test controls the service.
import 'reflect-metadata';
import { Container } from 'inversify';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import { sessionFetchHandler } from '../../src/fetch/index.js';
import { SessionManager, sessionModule } from '../../src/index.js';

interface BunServer {
  readonly port: number;
}

declare const Bun: {
  serve(options: {
    readonly port: number;
    readonly hostname: string;
    /** Seconds; 0 for none. */
    readonly idleTimeout: number;
    fetch(request: Request): Promise<Response>;
  }): BunServer;
};

const container = new Container();
container.load(sessionModule({}));
const sessions = await container.getAsync(SessionManager);
const room = container.get(WaitingRoom);
const handle = sessionFetchHandler(sessions, { trustedOrigins: ['https://app.example'] });

async function control(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const id = searchParams.get('id') ?? '';
  switch (pathname) {
    case '/control/login': {
      const session = await sessions.createSession('alice');
      const headers = new Headers();
      handle.login(headers, session);
      return Response.json({ id: session.id, token: session.token }, { headers });
    }
    case '/control/push':
      return Response.json(await sessions.push(id, await request.json()));
    case '/control/held':
      return Response.json(room.held);
    case '/control/undelivered':
      return Response.json((await sessions.getSession(id)).undelivered);
    case '/control/close':
      return Response.json(await sessions.closeSession(id, 'revoked'));
    default:
      return new Response('Not Found', { status: 404 });
  }
}

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  idleTimeout: 0,
  fetch: (request) => (handle.serves(request) ? handle(request) : control(request)),
});
console.log(`port ${server.port}`);
