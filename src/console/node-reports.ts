import { SessionError } from '../errors/session-error.js';
import type { SessionRuntime } from '../service/session-runtime.js';
import { nodesApp } from '../store/session-arguments.js';
import type { AttributeTexts } from '../store/session-record.js';
import { hashSecret, newId, newSecret } from '../store/session-token.js';
import { Interval } from '../time/interval.js';

/** The account in `nodesApp` whose sessions stand for the nodes. No token of these sessions ever leaves the process. */
const nodesAccount = 'nodes';
const figuresKey = 'figures';

/** Milliseconds between two reports of a node. */
export const reportPause = 5_000;
/** Milliseconds for which a report is valid. A node that crashed disappears from the console after this time. */
const reportTime = 20_000;

/** The latest report of a node. */
export interface NodeReport {
  /** The node's name, which is new at each start. */
  readonly node: string;
  /** Time of the report by the store's clock, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** The figures, as the node's version of the package has them. */
  readonly figures: object;
}

/**
 * Lets the nodes of a store read one another's figures, in a way that every store supports: each node keeps a session in a
 * separate app, with its figures as an attribute. If a node crashes, its session expires. The session is written directly to
 * the store, not by the manager, so that it emits no event and is not counted.
 */
export class NodeReports {
  readonly #runtime: SessionRuntime;
  readonly #figures: () => Promise<object>;
  readonly #interval: Interval;
  /** The latest report. A node that leaves waits for it, so that the report does not add the node again. */
  #reporting: Promise<void> = Promise.resolve();
  #session: { readonly id: string; readonly secretHash: string } | undefined;
  #fault: string | undefined;

  constructor(runtime: SessionRuntime, figures: () => Promise<object>) {
    this.#runtime = runtime;
    this.#figures = figures;
    this.#interval = new Interval(runtime.clock, reportPause, () => this.report());
  }

  /** This node's name; `undefined` before its first report. */
  get node(): string | undefined {
    return this.#session?.id;
  }

  /** Why the store refused the latest report, so that other nodes can't show this one; `undefined` if it did not. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Reports now and at intervals, until the service drains. */
  start(): void {
    this.#runtime.onDrain(() => this.#leave());
    void this.report();
    this.#interval.start();
  }

  /** Never rejects: if the store is unavailable, this report is lost, and the next one follows after the pause. */
  report(): Promise<void> {
    // Run reports one after the other: two concurrent first reports would each create a session, as if there were two nodes.
    this.#reporting = this.#reporting.then(() => this.#report());
    return this.#reporting;
  }

  async #report(): Promise<void> {
    try {
      const attributes = { [figuresKey]: JSON.stringify(await this.#figures()) };
      if (!this.#runtime.isDraining && !(await this.#renewed(attributes))) await this.#join(attributes);
      this.#fault = undefined;
    } catch (error) {
      // Other calls of the store report that it is unavailable. Only this one shows that the figures are too large.
      this.#fault = SessionError.is(error, 'INVALID_ARGUMENT') ? error.message : undefined;
    }
  }

  /**
   * Returns the latest report of each node.
   * @throws SessionError `STORE_UNAVAILABLE`, `STOPPED`
   */
  async all(): Promise<readonly NodeReport[]> {
    const records = await this.#runtime.store.listAccount(nodesApp, nodesAccount);
    return records.map(({ id, lastTime, attributes }) => ({ node: id, at: lastTime, figures: figuresIn(attributes) }));
  }

  async #renewed(attributes: AttributeTexts): Promise<boolean> {
    if (this.#session === undefined) return false;
    const { id, secretHash } = this.#session;
    try {
      await this.#runtime.store.patchAsBearer(nodesApp, id, secretHash, attributes);
      return true;
    } catch (error) {
      // The session has expired because this process was suspended for too long, or the store has lost it.
      if (SessionError.is(error, 'SESSION_UNKNOWN') || SessionError.is(error, 'SESSION_CLOSED')) return false;
      throw error;
    }
  }

  async #join(attributes: AttributeTexts): Promise<void> {
    const { store } = this.#runtime;
    const id = newId(store.idPrefix(nodesApp, nodesAccount));
    const secretHash = hashSecret(newSecret());
    const place = { app: nodesApp, accountId: nodesAccount, ip: '', userAgent: '', maxAge: 0, maxSession: 0 };
    // Before the insert: if it fails, it may have been carried out, and the next report must not add the node again.
    this.#session = { id, secretHash };
    await store.insert({ ...place, id, secretHash, attributes, ttl: reportTime });
  }

  async #leave(): Promise<void> {
    await this.#interval.stop();
    await this.#reporting;
    const session = this.#session;
    if (session !== undefined) await this.#runtime.store.end(nodesApp, session.id, 'shutdown').catch(() => {});
  }
}

function figuresIn(attributes: AttributeTexts): object {
  try {
    const figures: unknown = JSON.parse(attributes[figuresKey] ?? '{}');
    return typeof figures === 'object' && figures !== null ? figures : {};
  } catch {
    return {};
  }
}
