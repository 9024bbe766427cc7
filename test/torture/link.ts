import { connect, createServer, type Server, type Socket } from 'node:net';
import { portOf } from '../support/free-port.js';

/** Milliseconds for which a connection may stay half closed. */
const halfClosedMs = 2_000;

/** A TCP proxy that delays, cuts and half-closes connections. Its port stays the same when that of the server changes. */
export class Link {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [client: Socket, server: Socket]>();
  #target: number;
  #delay = 0;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (client) => this.#join(client));
  }

  static async start(target = 0): Promise<Link> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const link = new Link(server, target);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return link;
  }

  get port(): number {
    return portOf(this.#server);
  }

  /** Leads new connections to another server, or to none if `target` is 0. Open connections stay with theirs. */
  moveTo(target: number): void {
    this.#target = target;
  }

  /** Delays every byte of the next `duration` milliseconds by `delay` milliseconds. */
  delay(delay: number, duration: number): void {
    this.#delay = delay;
    setTimeout(() => {
      this.#delay = 0;
    }, duration);
  }

  /** Breaks all connections. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /** Ends the sending side of all connections, to the client or to the server. The other side works for a moment more. */
  halfClose(side: 'client' | 'server'): void {
    for (const [client, server] of this.#pairs) {
      (side === 'client' ? client : server).end();
      setTimeout(() => {
        client.resetAndDestroy();
        server.resetAndDestroy();
      }, halfClosedMs);
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #join(client: Socket): void {
    if (this.#target === 0) {
      client.on('error', () => {}).resetAndDestroy();
      return;
    }
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const pair = [client, server] as const;
    this.#pairs.add(pair);
    this.#lead(client, server);
    this.#lead(server, client);
    for (const [socket, other] of [pair, [server, client] as const]) {
      // A `close` follows each `error`.
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
    }
  }

  #lead(from: Socket, to: Socket): void {
    const pending: { readonly act: () => void; readonly at: number }[] = [];
    // One timer for all pieces: two timers could fire in a different order than the bytes arrived.
    const flush = () => {
      for (let first = pending[0]; first !== undefined; first = pending[0]) {
        const wait = first.at - performance.now();
        if (wait > 0) {
          setTimeout(flush, wait);
          return;
        }
        first.act();
        pending.shift();
      }
    };
    const later = (act: () => void) => {
      pending.push({ act, at: performance.now() + this.#delay });
      if (pending.length === 1) flush();
    };
    from.on('data', (bytes) => later(() => to.writable && to.write(bytes)));
    from.on('end', () => later(() => to.end()));
  }
}
