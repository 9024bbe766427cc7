import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { SessionContext } from '../../../context/session-context.js';
import type { Answer, EngineCall, EngineOrder, EngineReport, EngineSettings } from '../wire.js';
import { Apps } from './apps.js';
import { Background } from './background.js';
import { type EngineOperations, growing, looking, operationsOf } from './catalogue.js';
import { Environment } from './environment.js';
import { explain } from './faults.js';
import { type Aftermath, Ledger } from './ledger.js';
import { Mailboxes } from './mailboxes.js';
import { Nodes } from './nodes.js';
import { SessionOperations } from './operations.js';
import { Refused } from './refused.js';
import { Sessions } from './sessions.js';

/** How long one transaction may go on before it is committed and others get their turn. Milliseconds. */
const longestTurn = 5;
/** How often this node shows that it lives. Milliseconds. */
const attendancePause = 15_000;

interface Batch {
  readonly now: number;
  readonly calls: readonly EngineCall[];
}

const nothing: Aftermath = { notices: [], rings: [] };

/**
 * The thread that carries out what the store is asked: many calls in one transaction, each wholly or not at all. It
 * waits here for the lock that all processes share, and for the disk, so that nobody else has to.
 */
export class Engine {
  readonly #settings: EngineSettings;
  readonly #port: MessagePort;
  readonly #report: (told: EngineReport) => void;
  readonly #environment: Environment;
  readonly #ledger: Ledger;
  readonly #nodes: Nodes;
  readonly #operations: EngineOperations;
  #waiting: Batch[] = [];
  #isScheduled = false;
  #isClosing = false;
  #look: NodeJS.Timeout | undefined;
  #lookUntil = 0;
  #attendance: NodeJS.Timeout | undefined;
  #flush: NodeJS.Timeout | undefined;
  #flushFault: string | undefined;
  #isClosed = false;

  constructor(settings: EngineSettings, port: MessagePort, report: (told: EngineReport) => void) {
    this.#settings = settings;
    this.#port = port;
    this.#report = report;
    this.#environment = new Environment(settings);
    const context = new SessionContext(settings.context);
    this.#ledger = new Ledger(context, this.#environment.tables, settings.node);
    const sessions = new Sessions(this.#ledger);
    const mailboxes = new Mailboxes(this.#ledger, sessions);
    this.#nodes = new Nodes(this.#ledger, settings.durability);
    this.#operations = operationsOf({
      nodes: this.#nodes,
      mailboxes,
      sessions: new SessionOperations(this.#ledger, sessions, mailboxes),
      apps: new Apps(this.#ledger, sessions),
      background: new Background(this.#ledger, sessions, this.#nodes),
    });
  }

  /** @throws Error that says what to do */
  async start(): Promise<void> {
    try {
      this.#environment.transact(() => this.#nodes.enlist());
      // From now on there is a state to go back to.
      await this.#environment.flush();
    } catch (error) {
      await this.#environment.close().catch(() => {});
      throw new Error(explain(error, this.#settings.path), { cause: error });
    }
    this.#port.on('message', (order: EngineOrder) => this.#take(order));
    this.#attendance = setInterval(() => this.#attend(), attendancePause);
    if (this.#settings.durability === 'interval') this.#flushLater();
    this.#report({ kind: 'ready' });
  }

  #take(order: EngineOrder): void {
    if (order.kind === 'calls') this.#waiting.push(order);
    else if (order.kind === 'look') this.#fetch();
    else this.#isClosing = true;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#serve());
  }

  /** Everything that has come by now goes into as few transactions as it may. */
  #serve(): void {
    this.#isScheduled = false;
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      const order: EngineOrder = next.message;
      if (order.kind === 'calls') this.#waiting.push(order);
      else if (order.kind === 'look') this.#fetch();
      else this.#isClosing = true;
    }
    const batches = this.#waiting;
    this.#waiting = [];
    const now = batches.at(-1)?.now ?? 0;
    let calls = batches.flatMap((batch) => batch.calls);
    while (calls.length > 0) calls = calls.slice(this.#carryOutSome(calls, now));
    if (this.#isClosing) void this.#close();
  }

  /** @returns how many of the calls are answered now */
  #carryOutSome(calls: readonly EngineCall[], now: number): number {
    try {
      return this.#transact(calls, now);
    } catch (error) {
      if (calls.length > 1) {
        // One of them, or all: each gets what it is due.
        for (const call of calls) this.#carryOutSome([call], now);
        return calls.length;
      }
      const why = explain(error, this.#settings.path);
      for (const { number } of calls) this.#tell([{ number, refusal: ['STORE_UNAVAILABLE', why] }], nothing);
      return calls.length;
    }
  }

  #transact(calls: readonly EngineCall[], now: number): number {
    let answers: Answer[] = [];
    let aftermath = nothing;
    const work = () => {
      answers = [];
      this.#ledger.begin(now);
      const obstacle = calls.some(({ name }) => growing.has(name)) ? this.#obstacle() : undefined;
      const stopAt = performance.now() + longestTurn;
      for (const call of calls) {
        const isRefused = obstacle !== undefined && growing.has(call.name);
        const answer: Answer = isRefused
          ? { number: call.number, refusal: ['STORE_UNAVAILABLE', obstacle] }
          : this.#carryOut(call);
        answers.push(answer);
        if (performance.now() > stopAt) break;
      }
      aftermath = this.#ledger.finish();
    };
    if (calls.every(({ name }) => looking.has(name))) {
      this.#environment.refresh();
      work();
    } else {
      this.#environment.transact(work);
    }
    this.#tell(answers, aftermath);
    if (this.#ledger.watches || performance.now() < this.#lookUntil) this.#startLooking();
    return answers.length;
  }

  /** An operation that is refused has changed nothing yet; any other error ends the transaction. */
  #carryOut({ number, name, args }: EngineCall): Answer {
    try {
      return { number, value: this.#call(name, args) };
    } catch (error) {
      if (error instanceof Refused) return { number, refusal: error.refusal };
      throw error;
    }
  }

  #call(name: string, args: readonly unknown[]): unknown {
    if (name === 'read') this.#lookAfter(args);
    // Sent by our own link, whose `call` takes names and arguments of this very table only.
    const operation = this.#operations[name as keyof EngineOperations] as (...args: readonly unknown[]) => unknown;
    return operation(...args);
  }

  /** Why nothing that takes more room can be accepted. */
  #obstacle(): string | undefined {
    if (!this.#environment.isFull) return this.#flushFault;
    return explain(new Error('MDB_MAP_FULL: mapSize is reached'), this.#settings.path);
  }

  #tell(answers: readonly Answer[], { notices, rings }: Aftermath): void {
    if (answers.length + notices.length + rings.length > 0) this.#report({ kind: 'done', answers, notices, rings });
  }

  /** As long as a reader may be parked here, this node looks into its inbox now and then: nobody may be able to ring. */
  #lookAfter([, , request]: readonly unknown[]): void {
    const wait = typeof request === 'object' && request !== null && 'wait' in request ? Number(request.wait) : 0;
    if (wait > 0)
      this.#lookUntil = Math.max(this.#lookUntil, performance.now() + wait + 2 * this.#settings.lookInterval);
  }

  #startLooking(): void {
    this.#look ??= setInterval(() => {
      this.#inBackground(() => {
        this.#environment.refresh();
        if (this.#nodes.hasNotices) this.#fetch();
      });
      if (performance.now() < this.#lookUntil || this.#ledger.watches) return;
      clearInterval(this.#look);
      this.#look = undefined;
    }, this.#settings.lookInterval);
  }

  #fetch(): void {
    this.#inBackground(() => {
      for (let more = true; more; ) {
        const fetched = this.#environment.transact(() => this.#nodes.fetch());
        this.#tell([], { notices: fetched[0], rings: [] });
        more = fetched[1];
      }
    });
  }

  #attend(): void {
    this.#inBackground(() => {
      this.#environment.dropDeadReaders();
      const wasGivenUp = this.#environment.transact(() => this.#nodes.attend());
      if (wasGivenUp) this.#tell([], { notices: [['missed']], rings: [] });
    });
  }

  #flushLater(): void {
    if (this.#isClosed) return;
    this.#flush = setTimeout(() => {
      this.#environment.flush().then(
        () => {
          this.#flushFault = undefined;
          this.#flushLater();
        },
        (error) => {
          // Nothing new is promised that might not be kept.
          this.#flushFault = explain(error, this.#settings.path);
          this.#flushLater();
        },
      );
    }, this.#settings.flushInterval);
  }

  /** What fails here fails for those who ask as well, and is told to them. */
  #inBackground(work: () => void): void {
    try {
      this.#ledger.begin(0);
      work();
    } catch {
      // The next round finds what this one left.
    }
  }

  async #close(): Promise<void> {
    clearInterval(this.#attendance);
    clearInterval(this.#look);
    this.#isClosed = true;
    clearTimeout(this.#flush);
    this.#inBackground(() => this.#environment.transact(() => this.#nodes.leave()));
    await this.#environment.close().catch(() => {});
    this.#port.close();
  }
}
