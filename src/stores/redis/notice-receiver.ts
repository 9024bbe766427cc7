import { isCloseReason } from '../../errors/close-reason.js';
import type { StoreListener } from '../../store/store-listener.js';
import type { RedisConnection } from './connection.js';
import type { Keys } from './keys.js';
import { messageOf, type NodeStatus } from './reply-decoders.js';
import { Subscription } from './subscription.js';

/** Counts the notices of one bucket. */
interface Count {
  /** The number of the latest notice that this node received; `undefined` until the server was first asked. */
  received: number | undefined;
  /** The number of the latest notice that the server had sent when it was last asked. */
  sent: number;
}

/**
 * Receives notices for this node's parked readers and forwards them to the listener. Each bucket numbers its notices,
 * so that the next notice reveals a gap. If no notice follows a lost notice, a later heartbeat reveals the loss. After
 * a loss all waiting polls read again.
 */
export class NoticeReceiver {
  readonly #subscription: Subscription;
  readonly #listener: StoreListener;
  readonly #counts = new Map<string, Count>();

  constructor(connection: RedisConnection, keys: Keys, node: string, listener: StoreListener) {
    this.#listener = listener;
    for (const bucket of keys.buckets) this.#counts.set(bucket, { received: undefined, sent: 0 });
    this.#subscription = new Subscription(connection, keys.channels(node, connection.isCluster), {
      received: (text) => this.#receive(text),
      // Keep the counts: only they show which notices did not arrive.
      lost: () => {},
      restored: () => listener.missed(),
    });
  }

  open(): Promise<void> {
    return this.#subscription.open();
  }

  close(): Promise<void> {
    return this.#subscription.close();
  }

  /** Replaces the connection. Call this when the address may lead to another server. */
  moved(): void {
    this.#subscription.moved();
  }

  /** Compares the counts of this node with those of the server. */
  verify(bucket: string, { latestNotice, isSubscribed }: NodeStatus): void {
    if (!isSubscribed) this.#subscription.replace();
    const count = this.#counts.get(bucket);
    if (count === undefined) return;
    const { received, sent } = count;
    // Compare with the number at the last heartbeat, because later notices may still be on their way. If the number of
    // the server is lower than at the last heartbeat, the server lost data. A server that forgot this node begins with
    // a new, higher number, which reveals the loss at the next heartbeat.
    const isMissing = received !== undefined && (received < sent || latestNotice < sent);
    count.sent = latestNotice;
    if (received === undefined || isMissing) count.received = latestNotice;
    if (!isMissing) return;
    this.#listener.missed();
    void this.#subscription.verify();
  }

  /** Parses `<bucket>:<number>:<kind>:<app>:<id>` and the data of the kind; see scripts/notices.lua. */
  #receive(text: string): void {
    const bucket = text.slice(0, 2);
    const numberEnd = text.indexOf(':', 3);
    this.#count(bucket, Number(text.slice(3, numberEnd)));
    const kind = text[numberEnd + 1];
    const appEnd = text.indexOf(':', numberEnd + 3);
    const app = text.slice(numberEnd + 3, appEnd);
    const id = text.slice(appEnd + 1, appEnd + 25);
    const rest = text.slice(appEnd + 26);
    if (kind === 'a') this.#forwardAppended(app, id, rest);
    else if (kind === 'c') this.#listener.changed(app, id);
    else if (kind === 'e' && isCloseReason(rest)) this.#listener.closed(app, id, rest);
    else if (kind === 'r') this.#listener.rotated(app, id, Number(rest));
    else if (kind === 's') this.#forwardSuperseded(app, id, rest);
  }

  #count(bucket: string, number: number): void {
    const count = this.#counts.get(bucket);
    if (count === undefined) return;
    const isGap = count.received !== undefined && number !== count.received + 1;
    count.received = number;
    if (isGap) this.#listener.missed();
  }

  #forwardAppended(app: string, id: string, rest: string): void {
    const epochEnd = rest.indexOf(':');
    const beforeEnd = rest.indexOf(':', epochEnd + 1);
    const before = Number(rest.slice(epochEnd + 1, beforeEnd));
    this.#listener.appended(app, id, rest.slice(0, epochEnd), messageOf(rest.slice(beforeEnd + 1)), before);
  }

  #forwardSuperseded(app: string, id: string, rest: string): void {
    const readerEnd = rest.lastIndexOf(':');
    this.#listener.superseded(app, id, rest.slice(0, readerEnd), Number(rest.slice(readerEnd + 1)));
  }
}
