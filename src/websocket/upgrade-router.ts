import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { reportFault } from '../errors/fault-report.js';
import { requestTarget } from '../requests/request-target.js';
import { requireServer } from '../requests/require-server.js';
import { refuseUnknownPath } from './refusal.js';

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The part of a server of `node:http` or `node:https` that is used. The server that Hono's `serve` returns fits, too. */
export interface UpgradingServer {
  on(event: 'upgrade', listener: UpgradeListener): unknown;
  off(event: 'upgrade', listener: UpgradeListener): unknown;
  listenerCount(event: 'upgrade'): number;
}

/** Handles the upgrades of one path, or of all paths. */
export interface UpgradeRoute {
  /** `undefined` for all paths. */
  readonly path: string | undefined;
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

const routers = new WeakMap<UpgradingServer, UpgradeRouter>();

/** Routes the upgrades of one HTTP server to the first route whose path matches. */
export class UpgradeRouter {
  readonly #server: UpgradingServer;
  readonly #routes: UpgradeRoute[] = [];
  readonly #onUpgrade: UpgradeListener;

  private constructor(server: UpgradingServer) {
    this.#server = server;
    this.#onUpgrade = (request, socket, head) => {
      try {
        this.#dispatch(request, socket, head);
      } catch (error) {
        reportFault('An upgrade could not be handled', error);
        socket.destroy();
      }
    };
  }

  /** @throws SessionError `INVALID_ARGUMENT` */
  static of(server: UpgradingServer): UpgradeRouter {
    requireServer(server);
    let router = routers.get(server);
    if (router === undefined) {
      router = new UpgradeRouter(server);
      routers.set(server, router);
    }
    return router;
  }

  add(route: UpgradeRoute): void {
    if (this.#routes.length === 0) this.#server.on('upgrade', this.#onUpgrade);
    this.#routes.push(route);
  }

  remove(route: UpgradeRoute): void {
    const index = this.#routes.indexOf(route);
    if (index === -1) return;
    this.#routes.splice(index, 1);
    if (this.#routes.length === 0) this.#server.off('upgrade', this.#onUpgrade);
  }

  #dispatch(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { path } = requestTarget(request.url);
    const route = this.#routes.find((each) => each.path === undefined || each.path === path);
    if (route !== undefined) route.handle(request, socket, head);
    // Another listener may serve this path. If there is none, the connection must be ended here.
    else if (this.#server.listenerCount('upgrade') === 1) refuseUnknownPath(socket);
  }
}
