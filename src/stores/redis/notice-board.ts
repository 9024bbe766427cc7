import type { Cluster, Redis } from 'ioredis';
import { isCloseReason } from '../../core/close-reason.js';
import type { StoreListener } from '../../core/session-store.js';
import { becomeReady, disconnect, type RedisConnection } from './connection.js';
import type { Keys } from './keys.js';
import { messageOf } from './replies.js';

/** What is known of the notices of one bucket. */
interface Count {
  /** The number of the latest that came; `undefined` until the server was asked. */
  received: number | undefined;
  /** What the server had sent when it was last asked. */
  sent: number;
}

/**
 * Where this node is told of its parked readers: subscribes, and passes on what comes. Each bucket numbers what it
 * sends, so that a gap shows at once; what was lost without a successor shows when the server is next asked. Whatever
 * was lost, all who wait read again.
 */
export class NoticeBoard {
  readonly #connection: RedisConnection;
  readonly #channels: readonly string[];
  readonly #listener: StoreListener;
  readonly #counts = new Map<string, Count>();
  #subscriber: Redis | Cluster | undefined;
  #isOpen = false;

  constructor(connection: RedisConnection, keys: Keys, node: string, listener: StoreListener) {
    this.#connection = connection;
    this.#channels = keys.channels(node, connection.isCluster);
    this.#listener = listener;
    for (const bucket of keys.buckets) this.#counts.set(bucket, { received: undefined, sent: 0 });
  }

  async open(): Promise<void> {
    const subscriber = this.#connection.duplicate();
    this.#subscriber = subscriber;
    // Its faults show where commands are sent; without a listener the library prints each of them.
    subscriber.on('error', () => {});
    subscriber.on(this.#connection.isCluster ? 'smessage' : 'message', (_channel: string, text: string) =>
      this.#take(text),
    );
    await becomeReady(subscriber);
    await this.#subscribe(subscriber);
    subscriber.on(this.#connection.isCluster ? 'subscribersReady' : 'ready', () => void this.#resubscribe(subscriber));
    this.#isOpen = true;
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    if (this.#subscriber !== undefined) await disconnect(this.#subscriber);
  }

  /** The server says the number of the latest notice that it has sent to this node from that bucket. */
  verify(bucket: string, sent: number): void {
    const count = this.#counts.get(bucket);
    if (count === undefined) return;
    const { received } = count;
    // Those that were sent since it was last asked may be on their way. Fewer than then: the server forgot some. One
    // that forgot this node counts from another number on, and so is found out the next time.
    const isMissing = received !== undefined && (received < count.sent || sent < count.sent);
    count.sent = sent;
    if (received === undefined || isMissing) count.received = sent;
    if (!isMissing) return;
    this.#listener.missed();
    // The library may not have noticed that a shard forgot its subscribers; to subscribe once more does no harm.
    const subscriber = this.#subscriber;
    if (subscriber !== undefined && this.#isOpen) this.#subscribe(subscriber).catch(() => {});
  }

  async #subscribe(subscriber: Redis | Cluster): Promise<void> {
    if (this.#connection.isCluster) {
      // Each channel belongs to the slot of its bucket.
      await Promise.all(this.#channels.map((channel) => subscriber.ssubscribe(channel)));
    } else {
      await subscriber.subscribe(...this.#channels);
    }
  }

  async #resubscribe(subscriber: Redis | Cluster): Promise<void> {
    if (!this.#isOpen) return;
    try {
      // On a Cluster the library has done so.
      if (!this.#connection.isCluster) await this.#subscribe(subscriber);
    } catch {
      // The connection was lost again; there will be another `ready`.
      return;
    }
    // The counts stay: a channel that is subscribed to in vain shows by them, and by nothing else.
    this.#listener.missed();
  }

  /** `<bucket>:<number>:<kind>:<app>:<id>` and what the kind needs; see scripts/notices.lua. */
  #take(text: string): void {
    if (!this.#isOpen) return;
    const bucket = text.slice(0, 2);
    const numberEnd = text.indexOf(':', 3);
    this.#note(bucket, Number(text.slice(3, numberEnd)));
    const kind = text[numberEnd + 1];
    const appEnd = text.indexOf(':', numberEnd + 3);
    const app = text.slice(numberEnd + 3, appEnd);
    const id = text.slice(appEnd + 1, appEnd + 25);
    const rest = text.slice(appEnd + 26);
    if (kind === 'a') this.#tellAppended(app, id, rest);
    else if (kind === 'c') this.#listener.changed(app, id);
    else if (kind === 'e' && isCloseReason(rest)) this.#listener.closed(app, id, rest);
    else if (kind === 's') this.#tellSuperseded(app, id, rest);
  }

  #note(bucket: string, number: number): void {
    const count = this.#counts.get(bucket);
    if (count === undefined) return;
    const isGap = count.received !== undefined && number !== count.received + 1;
    count.received = number;
    if (isGap) this.#listener.missed();
  }

  #tellAppended(app: string, id: string, rest: string): void {
    const epochEnd = rest.indexOf(':');
    this.#listener.appended(app, id, rest.slice(0, epochEnd), messageOf(rest.slice(epochEnd + 1)));
  }

  #tellSuperseded(app: string, id: string, rest: string): void {
    const readerEnd = rest.lastIndexOf(':');
    this.#listener.superseded(app, id, rest.slice(0, readerEnd), Number(rest.slice(readerEnd + 1)));
  }
}
