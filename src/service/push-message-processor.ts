import { inject, injectable } from 'inversify';
import PQueue from 'p-queue';
import { SessionEvents } from '../events/session-events.js';
import type { OutgoingMessage } from '../mailbox/message.js';
import { SessionStore } from '../store/session-store.js';
import { addReports, emptyReport, FanOut, type PushReport, reportOutcomes } from './push-report.js';

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
  readonly #underWay = new Set<Promise<PushReport>>();

  constructor(@inject(SessionStore) store: SessionStore, @inject(SessionEvents) events: SessionEvents) {
    super();
    this.#store = store;
    this.#events = events;
  }

  async pushToApp(app: string, message: OutgoingMessage): Promise<PushReport> {
    const fanOut = this.#fanOut(app, message);
    this.#underWay.add(fanOut);
    try {
      return await fanOut;
    } finally {
      this.#underWay.delete(fanOut);
    }
  }

  /** Resolves when every fan-out under way has been served. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  /** A chunk that fails holds up no other; the first fault is told when all have ended. */
  async #fanOut(app: string, message: OutgoingMessage): Promise<PushReport> {
    const chunks: Promise<void>[] = [];
    const faults: unknown[] = [];
    let report = emptyReport;
    const push = async (ids: readonly string[]) => {
      try {
        const served = await this.#pushToEach(app, ids, message);
        report = addReports(report, served);
      } catch (error) {
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
    return reportOutcomes(this.#events, await this.#store.appendToEach(app, ids, message));
  }
}
