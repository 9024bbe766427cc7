// One service behind every front: controllers on Fastify, express-session, WebSocket, the REST service.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import express from 'express';
import session from 'express-session';
import { Container } from 'inversify';
import { SessionManager, sessionModule } from 'session-mailbox';
import { pollHandler, SessionMailboxStore } from 'session-mailbox/express-session';
import { SessionErrorFilter, sessionHttpModule } from 'session-mailbox/http';
import { buildRestServer, restModule } from 'session-mailbox/redis-sessions/rest';
import { authenticateUpgrade } from 'session-mailbox/websocket';
import { WebSocket, WebSocketServer } from 'ws';

const container = new Container();
container.load(sessionModule({ maxSession: 5 }), sessionHttpModule());
const manager = await container.getAsync(SessionManager);
const { id, token } = await manager.createSession('alice');
const authorization = `Bearer ${token}`;

// Controllers on Fastify.
const adapter = new InversifyFastifyHttpAdapter(container, { logger: false });
adapter.useGlobalFilters(SessionErrorFilter);
const app = await adapter.build();
const url = await app.listen({ port: 0, host: '127.0.0.1' });
await manager.push(id, 'one');
const batch = await (await fetch(`${url}/poll?after=`, { headers: { authorization } })).json();
assert.equal(batch.messages[0].data, 'one');
await app.close();

// express-session and WebSocket share a server.
const secret = 'keep me secret';
const store = new SessionMailboxStore(manager);
const site = express();
site.use(session({ store, secret, resave: false, saveUninitialized: false }));
site.post('/login', (request, response, next) => {
  request.session.accountId = 'alice';
  request.session.save((error) => (error ? next(error) : response.json({ hello: 'alice' })));
});
site.get('/poll', pollHandler(manager, store));
const server = createServer(site);
const webSocketServer = new WebSocketServer({ noServer: true });
authenticateUpgrade(server, manager, { webSocketServer, expressSession: { store, secret } });
webSocketServer.on('connection', (socket, _request, found) => socket.send(`Hello ${found.accountId}`));
await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address();
const login = await fetch(`http://127.0.0.1:${port}/login`, { method: 'POST' });
const [cookie] = login.headers.getSetCookie()[0].split(';');
await manager.pushToAccount('alice', 'two');
const visit = await (await fetch(`http://127.0.0.1:${port}/poll?after=`, { headers: { cookie } })).json();
assert.equal(visit.messages.at(-1).data, 'two');
const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { authorization } });
const [greeting] = await once(socket, 'message');
assert.equal(String(greeting), 'Hello alice');
socket.close();
await once(socket, 'close');
server.closeAllConnections();
server.close();
await container.unbindAllAsync();

// The REST service, in a separate container.
const restContainer = new Container();
restContainer.load(sessionModule({ maxSession: 0 }), restModule({ apiKey: 'key' }));
await restContainer.getAsync(SessionManager);
const rest = await buildRestServer(restContainer);
const restUrl = await rest.listen({ port: 0, host: '127.0.0.1' });
const headers = { 'x-api-key': 'key' };
const created = await (await fetch(`${restUrl}/shop/create/alice?ip=192.0.2.7`, { method: 'PUT', headers })).json();
const shown = await (await fetch(`${restUrl}/shop/get/${created.token}`, { headers })).json();
assert.equal(shown.id, 'alice');
assert.equal((await fetch(`${restUrl}/healthz`)).status, 200);
await rest.close();
await restContainer.unbindAllAsync();
console.log('fronts: ok');
