import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { type SessionManager, startSessions } from '../../src/index.js';
import { sessionHandler } from '../../src/node/index.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { freshPath } from '../stores/sqlite/create-sqlite-store.js';
import { limits } from '../support/limits.js';

/** Milliseconds for which polls are held. Longer than a test waits, so that no poll of a disconnected client ends by itself. */
const pollTime = 2 * limits.event;

/** One node of an application behind a proxy that ends TLS. */
export class Node {
  readonly sessions: SessionManager;
  readonly port: number;
  /** Requests that the node has not answered, by path without query. */
  readonly unanswered: string[] = [];
  readonly #server: Server;
  readonly #stop: () => Promise<void>;
  #isStopped = false;

  private constructor(sessions: SessionManager, stop: () => Promise<void>, server: Server) {
    this.sessions = sessions;
    this.#stop = stop;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(t: ExecutionContext, path: string): Promise<Node> {
    const { sessions, stop } = await startSessions({ pollTime }, sqliteStore({ path }));
    const handle = sessionHandler(sessions, { secure: true });
    const server = createServer((request, response) => {
      node.#follow(request, response);
      if (handle(request, response)) return;
      void login(request, response);
    });
    async function login(request: IncomingMessage, response: ServerResponse): Promise<void> {
      if (request.url === '/login') handle.login(response, await sessions.createSession('alice'));
      response.end(JSON.stringify({ forwarded: request.headers['x-forwarded-for'] ?? '' }));
    }
    server.keepAliveTimeout = 65_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const node = new Node(sessions, stop, server);
    t.teardown(() => node.stop());
    return node;
  }

  /** Stops the node as docs/operations.md says. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.sessions.drain();
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeIdleConnections();
    });
    await this.#stop();
  }

  #follow(request: IncomingMessage, response: ServerResponse): void {
    const [path = ''] = (request.url ?? '').split('?');
    this.unanswered.push(path);
    response.once('close', () => this.unanswered.splice(this.unanswered.indexOf(path), 1));
  }
}

/** Starts two nodes over one database. */
export async function startNodes(t: ExecutionContext): Promise<readonly [Node, Node]> {
  const path = await freshPath(t);
  return [await Node.start(t, path), await Node.start(t, path)];
}
