import { createServer, type RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import test, { type ExecutionContext } from 'ava';
import express from 'express';
import { fastify } from 'fastify';
import { sessionHttpModule } from '../../src/http/index.js';
import type { SessionManager } from '../../src/index.js';
import { sessionHandler } from '../../src/node/index.js';
import { request } from '../support/http-client.js';
import { startService } from '../support/service.js';
import { onEachFront } from './stage.js';

const token = 'x'.repeat(64);
const claims = {
  'x-forwarded-for': '203.0.113.9',
  forwarded: 'for=203.0.113.9;proto=https',
  'x-real-ip': '203.0.113.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'app.example',
};

/** Records the addresses of the clients whose token was refused. */
function refusedAddresses(manager: SessionManager): string[] {
  const addresses: string[] = [];
  manager.on('refused', ({ ip }) => addresses.push(ip));
  return addresses;
}

onEachFront('an address in a header that any client can send is ignored', { needsToken: true }, async (t, stage) => {
  const addresses = refusedAddresses(stage.manager);
  for (const path of ['/poll?after=', '/events', '/sessions']) {
    t.is((await stage.request(path, { token, headers: claims })).status, 401);
  }
  t.is(addresses.length, 3);
  for (const address of addresses) t.true(address === '' || address.endsWith('127.0.0.1'), address);
});

onEachFront(
  'a host and a scheme in headers that any client can send do not make another site the own site',
  {},
  async (t, stage) => {
    const { token: own } = await stage.logIn();
    const cookie = own.includes('=') ? own : `sid=${own}`;
    const headers = { ...claims, cookie, origin: 'https://app.example' };
    t.is((await stage.request('/poll?after=&wait=0', { headers })).status, 403);
  },
);

async function listen(t: ExecutionContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

// The types of Express 5 also fit the parts of Express 4 that are used here.
const express4: typeof express = createRequire(import.meta.url)('express4');

for (const [name, framework] of [
  ['Express 5', express],
  ['Express 4', express4],
] as const) {
  test(`${name}: with \`trust proxy\` the address is the one that the proxy forwards`, async (t) => {
    const { manager } = await startService(t);
    const addresses = refusedAddresses(manager);
    const handle = sessionHandler(manager);
    const app = framework();
    app.set('trust proxy', 'loopback');
    app.use((incoming, response, next) => {
      if (!handle(incoming, response)) next();
    });
    const port = await listen(t, app);
    t.is((await request(port, '/poll?after=', { token, headers: claims })).status, 401);
    t.deepEqual(addresses, ['203.0.113.9']);
  });
}

test('Fastify: with `trustProxy` the address is the one that the proxy forwards', async (t) => {
  const { container, manager } = await startService(t);
  const addresses = refusedAddresses(manager);
  container.load(sessionHttpModule());
  const app = fastify({ trustProxy: '127.0.0.1' });
  await new InversifyFastifyHttpAdapter(container, { logger: false }, app).build();
  await app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const headers = { ...claims, Connection: 'close' };
  t.is((await request(port, '/poll?after=', { token, headers })).status, 401);
  t.deepEqual(addresses, ['203.0.113.9']);
});
