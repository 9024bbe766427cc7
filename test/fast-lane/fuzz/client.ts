import { connect, type Socket } from 'node:net';
import type { Side } from './side.js';

const readBuffer = Buffer.allocUnsafe(65_536);

/** One connection to one side. The client reads all data immediately. */
export class FuzzClient {
  received = '';
  isClosed = false;
  readonly #side: Side;
  readonly #socket: Socket;
  #sent = 0;
  #hasEnded = false;
  #server: Socket | undefined;

  private constructor(side: Side, onOpen: () => void, onError: (error: Error) => void) {
    this.#side = side;
    this.#socket = connect({
      port: side.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          this.received += readBuffer.toString('latin1', 0, length);
          return true;
        },
      },
    });
    const closed = (): void => {
      this.isClosed = true;
    };
    this.#socket.once('connect', onOpen);
    this.#socket.on('error', onError);
    this.#socket.on('end', closed);
    this.#socket.on('close', closed);
  }

  static open(side: Side): Promise<FuzzClient> {
    return new Promise((resolve, reject) => {
      const client: FuzzClient = new FuzzClient(side, () => resolve(client), reject);
    });
  }

  send(bytes: string): void {
    if (this.isClosed || this.#hasEnded) return;
    this.#sent += bytes.length;
    this.#socket.write(bytes, 'latin1');
  }

  end(): void {
    this.#hasEnded = true;
    this.#socket.end();
  }

  close(): void {
    this.#socket.destroy();
    this.isClosed = true;
  }

  /** A number that changes with every event on the connection. */
  get activity(): number {
    const server = this.#serverEnd();
    return this.received.length + (server?.bytesRead ?? 0) + (this.isClosed ? 0.5 : 0);
  }

  /** Whether one end has sent bytes that have not reached the other end. */
  get isUnderWay(): boolean {
    if (this.isClosed) return false;
    const server = this.#serverEnd();
    if (server === undefined || server.destroyed || this.#hasEnded) return true;
    return server.bytesRead !== this.#sent || server.bytesWritten !== this.received.length;
  }

  #serverEnd(): Socket | undefined {
    const { localPort } = this.#socket;
    if (localPort !== undefined) this.#server ??= this.#side.socketOf(localPort);
    return this.#server;
  }
}

/** Number of turns of the event loop without activity after which nothing more will happen. */
const quietTurns = 6;
/** Number of such turns for a connection that the server does not read from, or does not end when the client has ended it. */
const stalledTurns = 200;
const stalledTime = 100;

/** Resolves when everything that was sent has had its full effect. */
export async function settled(clients: readonly FuzzClient[]): Promise<void> {
  const activities = new Float64Array(clients.length);
  let quiet = 0;
  let quietSince = performance.now();
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    let isActive = false;
    let isUnderWay = false;
    clients.forEach((client, n) => {
      const { activity } = client;
      if (activity !== activities[n]) isActive = true;
      activities[n] = activity;
      isUnderWay ||= client.isUnderWay;
    });
    quiet = isActive ? 0 : quiet + 1;
    if (isActive) quietSince = performance.now();
    if (quiet >= quietTurns && !isUnderWay) return;
    if (quiet >= stalledTurns && performance.now() - quietSince > stalledTime) return;
  }
}
