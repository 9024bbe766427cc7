import { schemas } from './schemas.js';

type Schema = keyof typeof schemas;

const json = (schema: Schema, type = 'application/json') => ({
  [type]: { schema: { $ref: `#/components/schemas/${schema}` } },
});
const answer = (description: string, ...shapes: readonly Schema[]) => ({
  description,
  content: {
    'application/json': { schema: { anyOf: shapes.map((shape) => ({ $ref: `#/components/schemas/${shape}` })) } },
  },
});
const problem = (description: string) => ({ description, content: json('Problem', 'application/problem+json') });
const body = (schema: Schema, required: boolean) => ({ required, content: json(schema) });

const path = (name: string, description: string) => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string' },
});
const query = (name: string, type: string, description: string, required = false) => ({
  name,
  in: 'query',
  required,
  description,
  schema: { type },
});

const app = path('app', 'Namespace: 3 to 20 of A-Z a-z 0-9 _ -');
const id = path('id', 'Account: 1 to 256 characters');
const token = path('token', '64 letters and digits');
const within = query('dt', 'integer', 'Seconds to look back, at least 10', true);

const apiKey = [{ apiKey: [] }];
const unauthorized = answer('The API key is missing or wrong', 'Fault');
const tooLarge = answer('The body is over 60 000 bytes', 'Fault');
const malformed = answer('The body is not JSON; with --strict-status also: an argument is wrong', 'Fault');
const failed = answer('An argument is wrong, or something failed', 'Fault');
const faults = { 400: malformed, 401: unauthorized, 500: failed };
const bodyFaults = { ...faults, 413: tooLarge, 415: answer('The body is not application/json', 'Fault') };

const sessionPaths = {
  '/{app}/create/{id}': {
    put: {
      operationId: 'create',
      summary: 'Creates a session',
      security: apiKey,
      parameters: [
        app,
        id,
        query('ip', 'string', '1 to 39 characters', true),
        query('ttl', 'integer', 'Seconds, at least 10; default 7200'),
      ],
      requestBody: body('Data', false),
      responses: { 200: answer('The token, which no other answer contains', 'Token'), ...bodyFaults },
    },
  },
  '/{app}/get/{token}': {
    get: {
      operationId: 'get',
      summary: 'Reads a session, and renews it',
      security: apiKey,
      parameters: [app, token],
      responses: {
        200: answer('The session, or {} if there is none', 'Session', 'Missing'),
        404: answer('With --strict-status: no such session', 'Missing'),
        ...faults,
      },
    },
  },
  '/{app}/set/{token}': {
    post: {
      operationId: 'set',
      summary: 'Changes the data of a session, key by key, and renews it',
      security: apiKey,
      parameters: [app, token],
      requestBody: body('Data', true),
      responses: {
        200: answer('The session, or {} if there is none', 'Session', 'Missing'),
        404: answer('With --strict-status: no such session', 'Missing'),
        ...bodyFaults,
      },
    },
  },
  '/{app}/activity': {
    get: {
      operationId: 'activity',
      summary: 'Counts recently active accounts',
      security: apiKey,
      parameters: [app, within],
      responses: { 200: answer('The number', 'Activity'), ...faults },
    },
  },
  '/{app}/soapp': {
    get: {
      operationId: 'sessionsOfApp',
      summary: 'Lists recently active sessions',
      security: apiKey,
      parameters: [app, within],
      responses: { 200: answer('The sessions', 'Sessions'), ...faults },
    },
  },
  '/{app}/soid/{id}': {
    get: {
      operationId: 'sessionsOfId',
      summary: 'Lists the sessions of an account',
      security: apiKey,
      parameters: [app, id],
      responses: { 200: answer('The sessions', 'Sessions'), ...faults },
    },
  },
  '/{app}/kill/{token}': {
    delete: {
      operationId: 'kill',
      summary: 'Ends a session',
      security: apiKey,
      parameters: [app, token],
      responses: {
        200: answer('1, or 0 if there is no such session', 'Kill'),
        404: answer('With --strict-status: no such session', 'Kill'),
        ...faults,
      },
    },
  },
  '/{app}/killsoid/{id}': {
    delete: {
      operationId: 'killSessionsOfId',
      summary: 'Ends the sessions of an account',
      security: apiKey,
      parameters: [app, id],
      responses: { 200: answer('The number', 'Kill'), ...faults },
    },
  },
  '/{app}/killall': {
    delete: {
      operationId: 'killAll',
      summary: 'Ends the sessions of an app',
      security: apiKey,
      parameters: [app],
      responses: { 200: answer('The number', 'Kill'), ...faults },
    },
  },
};

const pushFaults = {
  400: problem('The message is wrong'),
  401: unauthorized,
  413: tooLarge,
  503: problem('The store cannot be used'),
};

const messagePaths = {
  '/{app}/push/{handle}': {
    post: {
      operationId: 'push',
      summary: 'Puts a message into the mailbox of a session',
      security: apiKey,
      parameters: [app, path('handle', 'From soid or soapp')],
      requestBody: body('Message', true),
      responses: {
        200: answer('The outcome', 'PushReport'),
        404: problem('There is no such session'),
        429: problem('The mailbox is full'),
        ...pushFaults,
      },
    },
  },
  '/{app}/pushsoid/{id}': {
    post: {
      operationId: 'pushToSessionsOfId',
      summary: 'Puts a message into the mailboxes of the sessions of an account',
      security: apiKey,
      parameters: [app, id],
      requestBody: body('Message', true),
      responses: { 200: answer('The outcome', 'PushReport'), ...pushFaults },
    },
  },
  '/poll': {
    get: {
      operationId: 'poll',
      summary: 'Reads the mailbox of the token’s session, waiting for messages',
      security: [{ token: [] }],
      parameters: [
        query('app', 'string', 'The app of the token', true),
        query('after', 'string', 'The cursor of the previous batch; empty for all retained messages'),
        query('wait', 'integer', 'Longest wait in milliseconds'),
        query('limit', 'integer', 'Highest number of messages'),
        query('reader', 'string', 'Name of the consumer, if there are several'),
      ],
      responses: {
        200: answer('Messages; none at the end of the wait', 'Batch'),
        400: problem('A parameter is wrong'),
        401: problem('The token belongs to no live session'),
        503: problem('The store cannot be used'),
      },
    },
  },
};

const adminPaths = {
  '/ping': {
    get: {
      operationId: 'ping',
      summary: 'Asks the store',
      security: apiKey,
      responses: {
        200: { description: 'The store can be used', content: { 'text/plain': { schema: { const: 'PONG' } } } },
        401: unauthorized,
        500: failed,
      },
    },
  },
  '/livez': {
    get: {
      operationId: 'live',
      summary: 'Liveness: the process answers',
      security: [],
      responses: { 200: answer('It answers', 'Health') },
    },
  },
  '/healthz': {
    get: {
      operationId: 'ready',
      summary: 'Readiness: whether to send requests to this node',
      security: [],
      responses: {
        200: answer('The store can be used', 'Health'),
        503: problem('`code` says why: `STORE_UNAVAILABLE`, or `STOPPED` while this node is stopping'),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      summary: 'Metrics for Prometheus',
      security: apiKey,
      responses: {
        200: { description: 'Metrics', content: { 'text/plain': { schema: { type: 'string' } } } },
        401: unauthorized,
      },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'openApi',
      summary: 'This document',
      security: [],
      responses: {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
      },
    },
  },
};

/** The OpenAPI description of the service. A test compares it with the served routes. */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'session-mailbox',
    version: '1',
    description: 'Login sessions with the interface of rest-sessions, each with a mailbox.',
  },
  paths: { ...sessionPaths, ...messagePaths, ...adminPaths },
  components: {
    schemas,
    securitySchemes: {
      apiKey: {
        type: 'apiKey',
        in: 'header',
        name: 'X-API-Key',
        description: 'Required if the service was started with one',
      },
      token: {
        type: 'http',
        scheme: 'bearer',
        description: 'The token of the session. The cookie `sid` is accepted as well.',
      },
    },
  },
};
