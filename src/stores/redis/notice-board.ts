import { isCloseReason } from '../../errors/close-reason.js';
import type { StoreListener } from '../../store/session-store.js';
import type { RedisConnection } from './connection.js';
import type { Keys } from './keys.js';
import { type Attended, messageOf } from './replies.js';
import { Subscription } from './subscription.js';

/** What is known of the notices of one bucket. */
interface Count {
  /** The number of the latest that came; `undefined` until the server was asked. */
  received: number | undefined;
  /** What the server had sent when it was last asked. */
  sent: number;
}

/**
 * Where this node is told of its parked readers: passes on what comes. Each bucket numbers what it sends, so that a gap
 * shows at once; what was lost without a successor shows when the server is next asked. Whatever was lost, all who wait
 * read again.
 */
export class NoticeBoard {
  readonly #subscription: Subscription;
  readonly #listener: StoreListener;
  readonly #counts = new Map<string, Count>();

  constructor(connection: RedisConnection, keys: Keys, node: string, listener: StoreListener) {
    this.#listener = listener;
    for (const bucket of keys.buckets) this.#counts.set(bucket, { received: undefined, sent: 0 });
    this.#subscription = new Subscription(connection, keys.channels(node, connection.isCluster), {
      told: (text) => this.#take(text),
      // The counts stay: what does not come shows by them, and by nothing else.
      lost: () => {},
      back: () => listener.missed(),
    });
  }

  open(): Promise<void> {
    return this.#subscription.open();
  }

  close(): Promise<void> {
    return this.#subscription.close();
  }

  /** The server says how it stands with this node in that bucket. */
  verify(bucket: string, { latestNotice, isHeard }: Attended): void {
    if (!isHeard) this.#subscription.replace();
    const count = this.#counts.get(bucket);
    if (count === undefined) return;
    const { received, sent } = count;
    // Those that were sent since it was last asked may be on their way. Fewer than then: the server forgot some. One
    // that forgot this node counts from another number on, and so is found out the next time.
    const isMissing = received !== undefined && (received < sent || latestNotice < sent);
    count.sent = latestNotice;
    if (received === undefined || isMissing) count.received = latestNotice;
    if (isMissing) this.#listener.missed();
  }

  /** `<bucket>:<number>:<kind>:<app>:<id>` and what the kind needs; see scripts/notices.lua. */
  #take(text: string): void {
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
