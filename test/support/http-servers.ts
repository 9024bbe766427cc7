import { once } from 'node:events';
import { createServer, IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { InversifyExpressHttpAdapter } from '@inversifyjs/http-express';
import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import { InversifyHonoHttpAdapter } from '@inversifyjs/http-hono';
import express from 'express';
import { fastify } from 'fastify';
import { Hono } from 'hono';
import type { Container } from 'inversify';
import { fastLane } from '../../src/fast-lane/index.js';
import { sessionFetchHandler } from '../../src/fetch/index.js';
import type { SessionHttpOptionsInput } from '../../src/http/index.js';
import { SessionManager } from '../../src/index.js';
import { sessionHandler } from '../../src/node/index.js';

/** The servers that support controllers. */
export const controllerAdapters = ['fastify', 'express', 'hono'] as const;
/** The servers of `/poll` and `/sessions`: those with controllers, and the fronts without a framework. */
const serverNames = [...controllerAdapters, 'node', 'fetch'] as const;
/** The same servers with a fast lane for their polls. */
export const laneAdapters = ['fastify lane', 'express lane', 'node lane'] as const;
export type AdapterName = (typeof serverNames)[number] | (typeof laneAdapters)[number];
/** `npm run test:lane` runs the suites with every lane. Otherwise, one lane represents all. */
export const adapterNames: readonly AdapterName[] =
  process.env.LANES === '1' ? laneAdapters : [...serverNames, 'node lane'];

/** The header that every server's middleware sets on every response, like a plugin. */
export const middlewareHeader = { name: 'x-application', value: 'shop' } as const;

/** On a response to a request with this header, every server's middleware also sets `middlewareCookies`. */
export const cookiesHeader = 'x-cookies';
export const middlewareCookies = ['theme=dark', 'lang=en'] as const;

/** A request with this header reaches its handler only after its client has disconnected, as behind slow middleware. */
export const lateHeader = 'x-late';

async function passMiddleware(request: IncomingMessage): Promise<void> {
  if (request.headers[lateHeader] !== undefined && !request.socket.destroyed) await once(request.socket, 'close');
}

function cookiesFor({ headers }: IncomingMessage): readonly string[] {
  return headers[cookiesHeader] === undefined ? [] : middlewareCookies;
}

/** @param environment the environment that Hono's Node server passes with a request */
function incomingOf(environment: unknown): IncomingMessage {
  const isObject = typeof environment === 'object' && environment !== null;
  if (isObject && 'incoming' in environment && environment.incoming instanceof IncomingMessage)
    return environment.incoming;
  throw new TypeError('The request did not come from the Node server of Hono');
}

export interface RunningServer {
  readonly port: number;
  readonly node: Server;
  /** Ends every connection, no matter what it waits for. */
  close(): Promise<void>;
}

/** Starts a server of the container's service on a free port of the loopback interface. */
export async function startServer(
  name: AdapterName,
  container: Container,
  options: SessionHttpOptionsInput = {},
): Promise<RunningServer> {
  switch (name) {
    case 'fastify':
      return startFastify(container);
    case 'express':
      return startExpress(container);
    case 'hono':
      return startHono(container);
    case 'node':
      return startNode(await container.getAsync(SessionManager), options);
    case 'fetch':
      return startFetch(await container.getAsync(SessionManager), options);
    case 'fastify lane':
      return withLane(await startFastify(container), container, options);
    case 'express lane':
      return withLane(await startExpress(container), container, options);
    case 'node lane':
      return withLane(await startNode(await container.getAsync(SessionManager), options), container, options);
  }
}

async function withLane(
  server: RunningServer,
  container: Container,
  { app, secure, trustedOrigins }: SessionHttpOptionsInput,
): Promise<RunningServer> {
  const options = { ...(app && { app }), ...(secure && { secure }), ...(trustedOrigins && { trustedOrigins }) };
  fastLane(server.node, await container.getAsync(SessionManager), options);
  return server;
}

async function startFastify(container: Container): Promise<RunningServer> {
  const app = fastify();
  app.addHook('onRequest', async (request, reply) => {
    reply.header(middlewareHeader.name, middlewareHeader.value);
    for (const cookie of cookiesFor(request.raw)) reply.header('set-cookie', cookie);
    await passMiddleware(request.raw);
  });
  await new InversifyFastifyHttpAdapter(container, { logger: false }, app).build();
  await app.listen({ port: 0, host: '127.0.0.1' });
  return running(app.server, async () => {
    app.server.closeAllConnections();
    await app.close();
  });
}

async function startExpress(container: Container): Promise<RunningServer> {
  const app = express();
  // Keeps Express from writing errors of clients to standard error.
  app.set('env', 'test');
  app.use(async (request, response, next) => {
    response.setHeader(middlewareHeader.name, middlewareHeader.value);
    for (const cookie of cookiesFor(request)) response.appendHeader('set-cookie', cookie);
    await passMiddleware(request);
    next();
  });
  await new InversifyExpressHttpAdapter(container, { logger: false }, app).build();
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return running(server, () => closeServer(server));
}

async function startHono(container: Container): Promise<RunningServer> {
  const app = new Hono();
  app.use(async (context, next) => {
    context.header(middlewareHeader.name, middlewareHeader.value);
    for (const cookie of cookiesFor(incomingOf(context.env))) context.header('set-cookie', cookie, { append: true });
    await passMiddleware(incomingOf(context.env));
    await next();
  });
  await new InversifyHonoHttpAdapter(container, { logger: false }, app).build();
  const server = createAdaptorServer({ fetch: app.fetch });
  if (!('closeAllConnections' in server)) throw new TypeError('An HTTP/1.1 server was expected');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return running(server, () => closeServer(server));
}

async function startNode(manager: SessionManager, options: SessionHttpOptionsInput): Promise<RunningServer> {
  const handle = sessionHandler(manager, options);
  const server = createServer(async (request, response) => {
    response.setHeader(middlewareHeader.name, middlewareHeader.value);
    for (const cookie of cookiesFor(request)) response.appendHeader('set-cookie', cookie);
    await passMiddleware(request);
    if (handle(request, response)) return;
    response.statusCode = 404;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return running(server, () => closeServer(server));
}

async function startFetch(manager: SessionManager, options: SessionHttpOptionsInput): Promise<RunningServer> {
  const handle = sessionFetchHandler(manager, options);
  const app = new Hono();
  app.use(async (context, next) => {
    await passMiddleware(incomingOf(context.env));
    await next();
    context.header(middlewareHeader.name, middlewareHeader.value);
    for (const cookie of cookiesFor(incomingOf(context.env))) context.header('set-cookie', cookie, { append: true });
  });
  app.all('*', (context) => handle(context.req.raw));
  const server = createAdaptorServer({ fetch: app.fetch });
  if (!('closeAllConnections' in server)) throw new TypeError('An HTTP/1.1 server was expected');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return running(server, () => closeServer(server));
}

function running(node: Server, close: () => Promise<void>): RunningServer {
  // Otherwise Node closes connections that are idle for 5 s, which a busy machine may need between two requests.
  node.keepAliveTimeout = 0;
  return { port: portOf(node.address()), node, close };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('The server does not listen on a port');
  return address.port;
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
