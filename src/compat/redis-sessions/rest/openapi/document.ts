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
const id = path('id', 'Account: 1 to 128 characters');
const token = path('token', '64 letters and digits');
const within = query('dt', 'integer', 'Seconds to look back, at least 10', true);

const apiKey = [{ apiKey: [] }];
const unauthorized = answer('The API key is missing or wrong', 'Fault');
const tooLarge = answer('The body is over 60 000 bytes', 'Fault');
const malformed = answer('The body is no JSON; with --strict-status also: an argument is wrong', 'Fault');
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
      responses: { 200: answer('Its token, which is told only here', 'Token'), ...bodyFaults },
    },
  },
  '/{app}/get/{token}': {
    get: {
      operationId: 'get',
      summary: 'Reads a session, and renews it',
      security: apiKey,
      parameters: [app, token],
      responses: {
        200: answer('The session, or {}', 'Session', 'Missing'),
        404: answer('With --strict-status: there is none', 'Missing'),
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
        200: answer('The session, or {}', 'Session', 'Missing'),
        404: answer('With --strict-status: there is none', 'Missing'),
        ...bodyFaults,
      },
    },
  },
  '/{app}/activity': {
    get: {
      operationId: 'activity',
      summary: 'Counts accounts that were active lately',
      security: apiKey,
      parameters: [app, within],
      responses: { 200: answer('How many', 'Activity'), ...faults },
    },
  },
  '/{app}/soapp': {
    get: {
      operationId: 'sessionsOfApp',
      summary: 'Lists sessions that were active lately',
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
        200: answer('1, or 0 when there is none', 'Kill'),
        404: answer('With --strict-status: there is none', 'Kill'),
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
      responses: { 200: answer('How many', 'Kill'), ...faults },
    },
  },
  '/{app}/killall': {
    delete: {
      operationId: 'killAll',
      summary: 'Ends the sessions of an app',
      security: apiKey,
      parameters: [app],
      responses: { 200: answer('How many', 'Kill'), ...faults },
    },
  },
};

const pushFaults = {
  400: problem('The message is wrong'),
  401: unauthorized,
  413: tooLarge,
  503: problem('The store is away'),
};

const messagePaths = {
  '/{app}/push/{handle}': {
    post: {
      operationId: 'push',
      summary: 'Puts a message into the mailbox of a session',
      security: apiKey,
      parameters: [app, path('handle', 'As soid and soapp tell it')],
      requestBody: body('Message', true),
      responses: {
        200: answer('What became of it', 'PushReport'),
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
      responses: { 200: answer('What became of it', 'PushReport'), ...pushFaults },
    },
  },
  '/poll': {
    get: {
      operationId: 'poll',
      summary: 'Takes messages out of one’s own mailbox, waiting for them',
      security: [{ token: [] }],
      parameters: [
        query('app', 'string', 'The app of the token', true),
        query('after', 'string', 'The cursor of the batch before; empty for all that is retained'),
        query('wait', 'integer', 'Milliseconds to be held at most'),
        query('limit', 'integer', 'Messages at most'),
        query('reader', 'string', 'Names one of several consumers'),
      ],
      responses: {
        200: answer('Messages, or none when the wait is over', 'Batch'),
        400: problem('A parameter is wrong'),
        401: problem('The token is of no live session'),
        503: problem('The store is away'),
      },
    },
  },
};

const adminPaths = {
  '/ping': {
    get: {
      operationId: 'ping',
      summary: 'Asks the store whether it is there',
      security: apiKey,
      responses: {
        200: { description: 'It is', content: { 'text/plain': { schema: { const: 'PONG' } } } },
        401: unauthorized,
        500: failed,
      },
    },
  },
  '/livez': {
    get: {
      operationId: 'live',
      summary: 'Tells that the process answers',
      security: [],
      responses: { 200: answer('It does', 'Health') },
    },
  },
  '/healthz': {
    get: {
      operationId: 'ready',
      summary: 'Tells a load balancer whether to send requests to this node',
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
      summary: 'Tells Prometheus',
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

/** The routes of the service, for people and programs. A test holds it against what is served. */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'session-mailbox',
    version: '1',
    description: 'Login sessions as rest-sessions serves them, with a mailbox each.',
  },
  paths: { ...sessionPaths, ...messagePaths, ...adminPaths },
  components: {
    schemas,
    securitySchemes: {
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'Where the service asks for one' },
      token: { type: 'http', scheme: 'bearer', description: 'The token of the session; the cookie `sid` will do, too' },
    },
  },
};
