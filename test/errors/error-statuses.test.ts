import { once } from 'node:events';
import { createServer } from 'node:http';
import test from 'ava';
import express from 'express';
import fastify from 'fastify';
import { errorStatuses } from '../../src/errors/error-statuses.js';
import { sessionUnknown } from '../../src/errors/session-error.js';
import { SessionError } from '../../src/index.js';
import { problemOf } from '../../src/requests/problem.js';
import { portOf } from '../support/free-port.js';

const limit = new SessionError('SESSION_LIMIT', 'The account is full', { accountId: 'alice', maxSession: 1 });

test('an error carries the status of its code, and its problem document has the same', (t) => {
  t.is(limit.status, 409);
  t.is(sessionUnknown().status, 401);
  t.is(problemOf(limit).status, errorStatuses.SESSION_LIMIT);
});

test('Express answers an uncaught error of a handler with the status of the error', async (t) => {
  const app = express();
  app.set('env', 'test');
  app.get('/', () => {
    throw limit;
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${portOf(server)}/`);
  t.is(response.status, 409);
  await response.text();
});

test('Fastify answers an uncaught error of a handler with the status of the error', async (t) => {
  const app = fastify();
  t.teardown(() => app.close());
  app.get('/', async () => {
    throw limit;
  });
  const response = await app.inject('/');
  t.is(response.statusCode, 409);
});
