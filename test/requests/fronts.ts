import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { pollHandler } from '../../src/express-session/index.js';
import type { OriginOptions } from '../../src/requests/index.js';
import { socketIoAllowRequest } from '../../src/websocket/index.js';
import { request } from '../support/http-client.js';
import { Kit } from '../support/http-kit.js';
import { type AdapterName, adapterNames } from '../support/http-servers.js';
import { startService } from '../support/service.js';
import { Sids } from '../websocket/express-cookie.js';
import { SocketIoStage } from '../websocket/socket-io-stage.js';
import { Stage } from '../websocket/stage.js';

export type Headers = Readonly<Record<string, string>>;
export type Verdict = 'accepted' | 'refused';

/** Sends one request with these headers and the cookie of a live session. */
export type Ask = (headers: Headers) => Promise<Verdict>;

export interface Front {
  readonly name: string;
  start(t: ExecutionContext, options: OriginOptions): Promise<Ask>;
}

function verdictOf(status: number): Verdict {
  if (status === 200) return 'accepted';
  if (status === 403) return 'refused';
  throw new Error(`The front answered with ${status}`);
}

/** Returns the cookie of a session under both names that the options of a front can give it. */
function cookieOf({ token }: { readonly token: string }): string {
  return `sid=${token}; __Host-sid=${token}`;
}

function httpFront(adapter: AdapterName): Front {
  return {
    name: `${adapter}: poll and sessions`,
    async start(t, options) {
      const kit = await Kit.start(adapter, { http: { ...options } });
      t.teardown(() => kit.close());
      const cookie = cookieOf(await kit.logIn());
      return async (headers) => {
        const { status } = await kit.request('/poll?wait=0&after=', { cookie, headers });
        // Hono's Node server, on which the handler of `fetch` runs here, answers a malformed Host itself.
        const isHono = adapter === 'hono' || adapter === 'fetch';
        return isHono && /[/@]/.test(headers.Host ?? '') && status === 400 ? 'refused' : verdictOf(status);
      };
    },
  };
}

const pollHandlerFront: Front = {
  name: 'poll handler of express-session',
  async start(t, options) {
    const { manager } = await startService(t);
    const sids = new Sids();
    sids.set('the-sid', await manager.createSession('alice'));
    const handle = pollHandler(manager, sids, options);
    // Set the sid, as the session middleware does.
    const server = createServer((req, res) => handle(Object.assign(req, { sessionID: 'the-sid' }), res));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return async (headers) => verdictOf((await request(port, '/poll?wait=0&after=', { headers })).status);
  },
};

const upgradeFront: Front = {
  name: 'WebSocket upgrade',
  async start(t, upgrade) {
    const stage = await Stage.start(t, { upgrade });
    const cookie = cookieOf(await stage.logIn());
    return async (headers) => {
      const client = stage.client({ cookie, headers });
      const refusal = await client.outcome;
      client.socket.terminate();
      return refusal === undefined ? 'accepted' : verdictOf(refusal.status);
    };
  },
};

const socketIoFront: Front = {
  name: 'Socket.IO middleware',
  async start(t, session) {
    const stage = await SocketIoStage.start(t, { session });
    const cookie = cookieOf(await stage.logIn());
    return async (headers) => {
      const extraHeaders = { ...headers, cookie };
      const client = stage.client({ transports: ['websocket'], reconnection: false, extraHeaders });
      return new Promise((resolve, reject) => {
        client.socket.once('connect', () => resolve('accepted'));
        client.socket.once('connect_error', (error: Error & { readonly data?: { readonly code?: unknown } }) =>
          error.data?.code === 'CROSS_SITE' ? resolve('refused') : reject(error),
        );
      });
    };
  },
};

const allowRequestFront: Front = {
  name: 'allowRequest of Socket.IO',
  async start(t, options) {
    const stage = await SocketIoStage.start(t, { server: { allowRequest: socketIoAllowRequest(options) } });
    const path = '/socket.io/?EIO=4&transport=polling';
    return async (headers) => verdictOf((await request(stage.port, path, { headers })).status);
  },
};

/** Every front that checks which page made a request. */
export const fronts: readonly Front[] = [
  ...adapterNames.map(httpFront),
  pollHandlerFront,
  upgradeFront,
  socketIoFront,
  allowRequestFront,
];
