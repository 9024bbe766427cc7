import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { inProcess } from '../in-process.js';
import { listening } from '../listening.js';
import { nextMessage } from '../message.js';
import type { PollServer } from '../poll-server.js';

interface Client {
  offset: number;
  /** JSON of the messages that arrived while no poll was held. */
  waiting: string[];
}

const EPOCH = 'k3f9';
const BEARER = 'Bearer ';
const CURSOR_PARAMETER = 'after=';

/**
 * The lower bound: `node:http`, a Map of clients, a Map of held responses. Its answers have the same form and size as
 * ours, and it checks the token and the cursor. But it keeps no message once it was written, even if the client did not
 * receive it.
 */
export async function openBare(): Promise<PollServer> {
  const clients = new Map<string, Client>();
  const held = new Map<string, ServerResponse>();
  const tokens: string[] = [];

  const deliver = (token: string, client: Client, data: string): void => {
    const message = `{"offset":${++client.offset},"at":${Date.now()},"data":${data}}`;
    const response = held.get(token);
    if (response === undefined) {
      client.waiting.push(message);
    } else {
      held.delete(token);
      answer(response, message, client.offset);
    }
  };

  const http = createServer((request, response) => {
    const token = tokenOf(request);
    const client = clients.get(token);
    if (client === undefined || !request.url?.startsWith('/poll')) {
      response.writeHead(401).end();
    } else if (!isKnownCursor(request.url, client)) {
      response.writeHead(400).end();
    } else if (client.waiting.length > 0) {
      const messages = client.waiting.join(',');
      client.waiting = [];
      answer(response, messages, client.offset);
    } else {
      held.set(token, response);
      response.on('close', () => {
        if (held.get(token) === response) held.delete(token);
      });
    }
  });

  await listening(http);
  return inProcess(http, {
    register(count) {
      const added = Array.from({ length: count }, () => randomBytes(32).toString('hex'));
      for (const token of added) clients.set(token, { offset: 0, waiting: [] });
      tokens.push(...added);
      return added;
    },
    unicast(n) {
      const token = tokens[n] ?? '';
      const client = clients.get(token);
      if (client !== undefined) deliver(token, client, JSON.stringify(nextMessage()));
    },
    broadcast() {
      const data = JSON.stringify(nextMessage());
      for (const [token, client] of clients) deliver(token, client, data);
    },
  });
}

function answer(response: ServerResponse, messages: string, offset: number): void {
  const body = `{"messages":[${messages}],"cursor":"${EPOCH}.${offset}","lost":0}`;
  response.writeHead(200, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

function tokenOf(request: IncomingMessage): string {
  const { authorization } = request.headers;
  return authorization?.startsWith(BEARER) ? authorization.slice(BEARER.length) : '';
}

function isKnownCursor(url: string, client: Client): boolean {
  const start = url.indexOf(CURSOR_PARAMETER);
  if (start === -1) return true;
  const end = url.indexOf('&', start);
  const cursor = url.slice(start + CURSOR_PARAMETER.length, end === -1 ? undefined : end);
  if (cursor === '') return true;
  const dot = cursor.indexOf('.');
  const offset = Number(cursor.slice(dot + 1));
  return cursor.slice(0, dot) === EPOCH && offset <= client.offset;
}
