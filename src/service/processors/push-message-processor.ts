import { inject, injectable } from 'inversify';
import PQueue from 'p-queue';
import { SessionEvents } from '../../events/session-events.js';
import type { OutgoingMessage } from '../../mailbox/message.js';
import { SessionStore } from '../../store/session-store.js';
import { addReports, emptyReport, type PushReport, reportOutcomes } from '../push-report.js';

/** Mailboxes in one chunk: one or two milliseconds of work, a few hundred kilobytes of network traffic. */
const chunkSize = 500;
/** Number of chunks that the store works on at the same time, over all broadcasts of this node. */
const concurrency = 4;

/**
 * Pushes one message to all mailboxes of an app (a broadcast), chunk by chunk. All broadcasts of this node share one
 * queue of bounded concurrency. Therefore they share the store fairly, and no broadcast reads ids faster than it pushes
 * to them.
 */
@injectable()
export class PushMessageProcessor {
  readonly #store: SessionStore;
  readonly #events: SessionEvents;
  readonly #queue = new PQueue({ concurrency });
  readonly #running = new Set<Promise<PushReport>>();

  constructor(@inject(SessionStore) store: SessionStore, @inject(SessionEvents) events: SessionEvents) {
    this.#store = store;
    this.#events = events;
  }

  /**
   * Resolves when every mailbox of the app has been served.
   * @throws the first error of the store, once all chunks have ended; the chunks without an error have been served
   */
  async pushToApp(app: string, message: OutgoingMessage): Promise<PushReport> {
    this.#events.measures.broadcasts += 1;
    const broadcast = this.#broadcast(app, message);
    this.#running.add(broadcast);
    try {
      return await broadcast;
    } finally {
      this.#running.delete(broadcast);
      this.#events.measures.broadcastsEnded += 1;
    }
  }

  /** Resolves when every running broadcast has ended. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #broadcast(app: string, message: OutgoingMessage): Promise<PushReport> {
    const chunks: Promise<void>[] = [];
    const faults: unknown[] = [];
    let report = emptyReport;
    const push = async (ids: readonly string[]) => {
      try {
        const served = await this.#pushToEach(app, ids, message);
        report = addReports(report, served);
      } catch (error) {
        // Serve the other chunks nevertheless.
        faults.push(error);
      }
    };
    try {
      for await (const ids of this.#store.scanApp(app, chunkSize)) {
        await this.#queue.onSizeLessThan(concurrency);
        chunks.push(this.#queue.add(() => push(ids)));
      }
    } catch (error) {
      faults.push(error);
    }
    await Promise.all(chunks);
    if (faults.length > 0) throw faults[0];
    return report;
  }

  async #pushToEach(app: string, ids: readonly string[], message: OutgoingMessage): Promise<PushReport> {
    const { measures } = this.#events;
    const outcomes = await this.#store.appendToEach(app, ids, message);
    measures.broadcastChunks += 1;
    measures.broadcastMailboxes += outcomes.length;
    return reportOutcomes(this.#events, message, outcomes);
  }
}
