import type { ExecutionContext } from 'ava';
import { eventually } from '../../support/eventually.js';
import { programFile } from '../../support/program.js';
import { ForkedProcess } from './forked-process.js';
import type { PlainBatch, ServiceActions } from './service-actions.js';
import type { ServiceOrder, ServiceSettings } from './start-service.js';

type Action = keyof ServiceActions;

const program = programFile(new URL('./service-node.js', import.meta.url));

/** A node: a forked process that runs the whole service. */
export class ServiceProcess {
  readonly #process = new ForkedProcess<ServiceOrder, never>(program, () => {});

  /** Starts a node that runs until it is killed. */
  static async launch(settings: ServiceSettings): Promise<ServiceProcess> {
    const node = new ServiceProcess();
    try {
      await node.#process.ask({ action: 'start', settings });
    } catch (error) {
      await node.kill();
      throw error;
    }
    return node;
  }

  /** Starts a node that runs until the test ends. */
  static async start(t: ExecutionContext, settings: ServiceSettings): Promise<ServiceProcess> {
    const node = await ServiceProcess.launch(settings);
    t.teardown(() => node.kill());
    return node;
  }

  /** Starts several nodes concurrently. */
  static startAll(t: ExecutionContext, count: number, settings: ServiceSettings): Promise<readonly ServiceProcess[]> {
    return Promise.all(Array.from({ length: count }, () => ServiceProcess.start(t, settings)));
  }

  async do<Name extends Action>(
    action: Name,
    ...args: Parameters<ServiceActions[Name]>
  ): Promise<Awaited<ReturnType<ServiceActions[Name]>>> {
    return (await this.#process.ask({ action, args })) as Awaited<ReturnType<ServiceActions[Name]>>;
  }

  /** Starts a poll at the end of the mailbox, and resolves once the poll is held. */
  async hold(id: string, reader = 'default', wait = 60_000): Promise<Held> {
    const { cursor } = await this.do('poll', id, { reader, after: '', wait: 0 });
    const before = await this.do('held');
    const held = new Held(this.do('poll', id, { reader, after: cursor, wait }));
    await eventually(async () => held.isOver || (await this.do('held')) > before, { what: 'the poll is held' });
    return held;
  }

  /** Returns the answer to the held poll. If it is an empty `reset`, returns the answer to the client's next poll. */
  async answerAfterReset(held: Held | undefined, id: string, reader = 'default'): Promise<PlainBatch | undefined> {
    const batch = await held?.batch;
    if (batch?.reset !== true) return batch;
    const next = await this.do('poll', id, { reader, after: batch.cursor, wait: 10_000 });
    return next.messages.length > 0 ? next : batch;
  }

  /** Sends a signal that does not end the process. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.signal(signal);
  }

  kill(signal?: NodeJS.Signals): Promise<void> {
    return this.#process.kill(signal);
  }
}

/** A poll that another process holds. */
export class Held {
  readonly batch: Promise<PlainBatch>;
  isOver = false;

  constructor(batch: Promise<PlainBatch>) {
    this.batch = batch;
    const end = () => {
      this.isOver = true;
    };
    // Also handles a rejection that the test does not await.
    batch.then(end, end);
  }
}
