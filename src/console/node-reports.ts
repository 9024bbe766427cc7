import { SessionError } from '../errors/session-error.js';
import type { SessionRuntime } from '../service/session-runtime.js';
import type { AttributeTexts } from '../store/session-record.js';
import { hashSecret, newId, newSecret } from '../store/session-token.js';
import { Interval } from '../time/interval.js';

/** The app and the account whose sessions are the nodes. No token of these sessions is ever given. */
export const nodesApp = 'session-mailbox-console';
const nodesAccount = 'nodes';
const figuresKey = 'figures';

/** Between two reports of a node. */
export const reportPause = 5_000;
/** How long a report lasts: a node that is gone without a word leaves the console after that. */
const reportTime = 20_000;

/** What a node said of itself lately. */
export interface NodeReport {
  /** Its name among the nodes, which is new at each start. */
  readonly node: string;
  /** When it said so, by the store's clock, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** What it said: the figures of its version of the package. */
  readonly figures: object;
}

/**
 * Lets the nodes of a store know one another's figures, by what every store has: each node keeps a session of an app of
 * their own, with the figures as an attribute. Its idle time ends the report of a node that crashed. It is written by the
 * store, not by the manager, so that it emits no event and is counted nowhere.
 */
export class NodeReports {
  readonly #runtime: SessionRuntime;
  readonly #figures: () => Promise<object>;
  readonly #interval: Interval;
  /** The latest report, which a node that leaves must not be overtaken by. */
  #reporting: Promise<void> = Promise.resolve();
  #session: { readonly id: string; readonly secretHash: string } | undefined;

  constructor(runtime: SessionRuntime, figures: () => Promise<object>) {
    this.#runtime = runtime;
    this.#figures = figures;
    this.#interval = new Interval(runtime.clock, reportPause, () => this.report());
  }

  /** This node's name; `undefined` before its first report has reached the store. */
  get node(): string | undefined {
    return this.#session?.id;
  }

  /** Reports now and at intervals, until the service drains. */
  start(): void {
    this.#runtime.onDrain(() => this.#leave());
    void this.report();
    this.#interval.start();
  }

  /** Never rejects: a store that is unavailable gets the next report. */
  report(): Promise<void> {
    // One after the other: two reports that find no session yet would each make one, as of two nodes.
    this.#reporting = this.#reporting.then(() => this.#report());
    return this.#reporting;
  }

  async #report(): Promise<void> {
    try {
      const attributes = { [figuresKey]: JSON.stringify(await this.#figures()) };
      if (!this.#runtime.isDraining && !(await this.#renewed(attributes))) await this.#join(attributes);
    } catch {
      // Callers that use the store are told that it is unavailable.
    }
  }

  /**
   * The latest report of each node.
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
      // This process stood still for longer than its report lasts, or the store has forgotten it.
      if (SessionError.is(error, 'SESSION_UNKNOWN') || SessionError.is(error, 'SESSION_CLOSED')) return false;
      throw error;
    }
  }

  async #join(attributes: AttributeTexts): Promise<void> {
    const { store } = this.#runtime;
    const id = newId(store.idPrefix(nodesApp, nodesAccount));
    const secretHash = hashSecret(newSecret());
    const place = { app: nodesApp, accountId: nodesAccount, ip: '', userAgent: '', maxAge: 0, maxSession: 0 };
    await store.insert({ ...place, id, secretHash, attributes, ttl: reportTime });
    this.#session = { id, secretHash };
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
