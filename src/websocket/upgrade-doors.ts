import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { refuseUnknownPath } from './refusal.js';

/** What is needed of a server of `node:http` or `node:https`. */
export type UpgradingServer = Pick<Server, 'on' | 'off' | 'listenerCount'>;

/** Takes the upgrades of one path, or all of them. */
export interface UpgradeDoor {
  /** Where it is; `undefined` for everywhere. */
  readonly path: string | undefined;
  /** Never throws. */
  admit(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

const byServer = new WeakMap<UpgradingServer, UpgradeDoors>();

/** The ways into one HTTP server, of which an upgrade takes the first that fits. */
export class UpgradeDoors {
  readonly #server: UpgradingServer;
  readonly #doors: UpgradeDoor[] = [];
  readonly #onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

  private constructor(server: UpgradingServer) {
    this.#server = server;
    this.#onUpgrade = (request, socket, head) => this.#lead(request, socket, head);
  }

  static of(server: UpgradingServer): UpgradeDoors {
    let doors = byServer.get(server);
    if (doors === undefined) {
      doors = new UpgradeDoors(server);
      byServer.set(server, doors);
    }
    return doors;
  }

  add(door: UpgradeDoor): void {
    if (this.#doors.length === 0) this.#server.on('upgrade', this.#onUpgrade);
    this.#doors.push(door);
  }

  remove(door: UpgradeDoor): void {
    const index = this.#doors.indexOf(door);
    if (index === -1) return;
    this.#doors.splice(index, 1);
    if (this.#doors.length === 0) this.#server.off('upgrade', this.#onUpgrade);
  }

  #lead(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = (request.url ?? '').split('?', 1)[0];
    const door = this.#doors.find((each) => each.path === undefined || each.path === path);
    if (door !== undefined) door.admit(request, socket, head);
    // Others who listen may know the path. If nobody does, nobody else would ever end the connection.
    else if (this.#server.listenerCount('upgrade') === 1) refuseUnknownPath(socket);
  }
}
