import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionContext } from 'ava';
import { type WebSocket, WebSocketServer } from 'ws';
import type { IssuedSession, Session } from '../../src/index.js';
import { authenticateUpgrade, streamMailbox } from '../../src/websocket/index.js';
import { projectPath } from '../architecture/source-tree.js';
import { eventually } from '../support/eventually.js';
import { Kit } from '../support/http-kit.js';

const code = readFileSync(projectPath('dist/client/bundle.js'), 'utf8');

/** A page that records every message and event as text. The query of its address has the options of the client. */
const html = `<!doctype html><title>client</title><link rel="icon" href="data:,"><script type="module">
  import { connect } from './client.js';
  globalThis.heard = [];
  globalThis.states = [];
  globalThis.mailbox = connect({ url: '/', ...Object.fromEntries(new URLSearchParams(location.search)) });
  for (const event of ['lost', 'reset', 'closed']) mailbox.on(event, (news) => heard.push(event + ' ' + (news?.code ?? news ?? '')));
  for (const state of ['connecting', 'open', 'waiting', 'away']) mailbox.on(state, () => states.push(state));
  for await (const { data } of mailbox) heard.push(String(data));
</script>`;

/** Contents of the files of a site, by path. */
export type Files = Readonly<Record<string, string>>;

/** A site with the client in its page, one session in its cookie, and all transports. */
export class ClientSite {
  readonly kit: Kit;
  readonly session: IssuedSession;
  readonly #sockets: WebSocketServer;

  private constructor(kit: Kit, session: IssuedSession, sockets: WebSocketServer) {
    this.kit = kit;
    this.session = session;
    this.#sockets = sockets;
  }

  /** @param more files in addition to the page and the client */
  static async start(t: ExecutionContext, more: Files = {}): Promise<ClientSite> {
    const kit = await Kit.start('node');
    const session = await kit.logIn();
    const { manager, server } = kit;
    const webSocketServer = new WebSocketServer({ noServer: true });
    const stop = authenticateUpgrade(server.node, manager, { webSocketServer, path: '/stream' });
    webSocketServer.on('connection', (socket: WebSocket, request: IncomingMessage, live: Session) => {
      streamMailbox(manager, socket, live, request);
    });
    const site = new ClientSite(kit, session, webSocketServer);
    site.#serve({ '/page': html, '/client.js': code, ...more });
    t.teardown(async () => {
      site.cut();
      stop();
      await kit.close();
    });
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${this.kit.port}`;
  }

  /** Number of open WebSockets. */
  get sockets(): number {
    return this.#sockets.clients.size;
  }

  async push(...data: readonly string[]): Promise<void> {
    for (const each of data) await this.kit.manager.push(this.session.id, each);
  }

  /** Waits until `count` polls and streams are held. */
  async isHeld(count: number): Promise<void> {
    await eventually(() => this.kit.room.held === count, { what: `${count} polls and streams are held` });
  }

  async kept(): Promise<number> {
    return (await this.kit.manager.getSession(this.session.id)).undelivered;
  }

  /** Breaks every connection. */
  cut(): void {
    this.kit.server.node.closeAllConnections();
    for (const socket of this.#sockets.clients) socket.terminate();
  }

  /** Serves the files of the site. Requests for other paths reach the routes of the mailbox. */
  #serve(files: Files): void {
    const { node } = this.kit.server;
    const routes = node.listeners('request');
    node.removeAllListeners('request');
    node.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const path = (request.url ?? '').replace(/\?.*/, '');
      const body = files[path];
      if (body === undefined) {
        for (const route of routes) route.call(node, request, response);
        return;
      }
      const type = path.endsWith('.js') ? 'text/javascript' : 'text/html';
      response.writeHead(200, {
        'content-type': `${type}; charset=utf-8`,
        'set-cookie': `sid=${this.session.token}; Path=/; HttpOnly; SameSite=Lax`,
      });
      response.end(body);
    });
  }
}
