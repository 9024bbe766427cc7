import { inject, injectable } from 'inversify';
import PQueue from 'p-queue';
import type { OutgoingMessage } from '../core/message.js';
import { addReports, emptyReport, FanOut, type PushReport, reportOutcomes } from '../core/push-report.js';
import { SessionEvents } from '../core/session-events.js';
import { SessionStore } from '../core/session-store.js';

/** Mailboxes in one chunk: a millisecond or two of work, a few hundred kilobytes on a wire. */
const chunkSize = 500;
/** Chunks under way at once, over all fan-outs of this node. */
const concurrency = 4;

/**
 * Fans a message out to all mailboxes of an app, chunk by chunk through one queue of bounded concurrency, so that many
 * broadcasts share the store fairly and none of them reads ids faster than they are served.
 */
@injectable()
export class PushMessageProcessor extends FanOut {
  readonly #store: SessionStore;
  readonly #events: SessionEvents;
  readonly #queue = new PQueue({ concurrency });

  constructor(@inject(SessionStore) store: SessionStore, @inject(SessionEvents) events: SessionEvents) {
    super();
    this.#store = store;
    this.#events = events;
  }

  async pushToApp(app: string, message: OutgoingMessage): Promise<PushReport> {
    const chunks: Promise<PushReport>[] = [];
    for await (const ids of this.#store.scanApp(app, chunkSize)) {
      await this.#queue.onSizeLessThan(concurrency);
      chunks.push(this.#queue.add(() => this.#pushToEach(app, ids, message)));
    }
    return (await Promise.all(chunks)).reduce(addReports, emptyReport);
  }

  /** Resolves when every fan-out under way has been served. */
  async stop(): Promise<void> {
    await this.#queue.onIdle();
  }

  async #pushToEach(app: string, ids: readonly string[], message: OutgoingMessage): Promise<PushReport> {
    return reportOutcomes(this.#events, await this.#store.appendToEach(app, ids, message));
  }
}
