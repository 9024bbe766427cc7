import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { RespRequests } from './resp-requests.js';

/** A command that a client sent. The name is in capitals. */
export interface ProxiedRequest {
  readonly command: string;
  readonly parts: readonly Buffer[];
}

type Rewrite = (reply: Buffer) => Buffer;

/** A proxy between clients and a server that records commands, and can hold back or change replies. */
export class RedisProxy {
  /** Every command that was sent through the proxy, in order. */
  readonly requests: ProxiedRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #subscribers = new Set<{ isSilent: boolean }>();
  readonly #rewrite: Rewrite;
  #target: number;
  #held: (() => void)[] | undefined;
  #isFirstToHold: ((reply: string) => boolean) | undefined;

  private constructor(server: Server, target: number, rewrite: Rewrite) {
    this.#server = server;
    this.#rewrite = rewrite;
    this.#target = target;
    server.on('connection', (client) => this.#join(client, connect(this.#target, '127.0.0.1')));
  }

  static async start(target: number, rewrite: Rewrite = (reply) => reply): Promise<RedisProxy> {
    const server = createServer();
    const proxy = new RedisProxy(server, target, rewrite);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Whether a reply is held back. */
  get isHolding(): boolean {
    return this.#held !== undefined && this.#held.length > 0;
  }

  get heldReplies(): number {
    return this.#held?.length ?? 0;
  }

  /** Sends the first of the replies that are held back. */
  releaseFirstReply(): void {
    this.#held?.shift()?.();
  }

  /** Holds back all replies from the first one for which `isFirst` returns true. Commands still reach the server. */
  holdReplies(isFirst: (reply: string) => boolean = () => true): void {
    this.#isFirstToHold = isFirst;
  }

  releaseReplies(): void {
    const held = this.#held ?? [];
    this.#isFirstToHold = undefined;
    this.#held = undefined;
    for (const write of held) write();
  }

  /** Leads new connections to another server. Open connections stay with theirs. */
  moveTo(target: number): void {
    this.#target = target;
  }

  /** Loses what the open connections of subscribers send and receive, like a firewall that has forgotten them. */
  silenceSubscribers(): void {
    for (const link of this.#subscribers) link.isSilent = true;
  }

  /** Breaks all connections. Clients can reconnect. */
  breakConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.breakConnections();
    await closed;
  }

  #join(client: Socket, server: Socket): void {
    const requests = new RespRequests();
    const link = { isSilent: false };
    client.on('data', (bytes) => {
      for (const parts of requests.take(bytes)) {
        const command = String(parts[0]).toUpperCase();
        this.requests.push({ command, parts });
        if (command === 'SUBSCRIBE') this.#subscribers.add(link);
      }
      if (!link.isSilent) server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (link.isSilent) return;
      if (this.#isFirstToHold?.(bytes.toString('latin1'))) this.#held ??= [];
      if (this.#held === undefined) {
        client.write(this.#rewrite(bytes));
        return;
      }
      this.#held.push(() => client.write(this.#rewrite(bytes)));
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      // A `close` follows each `error`.
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
