import { type ChildProcess, fork } from 'node:child_process';
import { type Outcome, revivedError } from './wire.js';

/** An order as it is sent to the other process. The answer has the same number. */
export interface Numbered<Order> {
  readonly call: number;
  readonly order: Order;
}

/** A message from the other process: the outcome of an order, or an event. */
export type Report<Event> =
  | { readonly call: number; readonly outcome: Outcome }
  | { readonly call: undefined; readonly event: Event };

/** A forked process that carries out orders. */
export class ForkedProcess<Order, Event> {
  /** Resolves when the process has ended for any reason. */
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  readonly #settle = new Map<number, (outcome: Outcome) => void>();
  #calls = 0;

  constructor(program: string, onEvent: (event: Event) => void) {
    this.#child = fork(program, { serialization: 'advanced' });
    this.#child.on('message', (report: Report<Event>) => {
      if (report.call === undefined) onEvent(report.event);
      else this.#end(report.call, report.outcome);
    });
    this.gone = new Promise((resolve) => this.#child.once('close', () => resolve()));
    void this.gone.then(() => this.#failAll());
  }

  /** Resolves with the result of the order, or rejects with its error. */
  async ask(order: Order): Promise<unknown> {
    this.#calls += 1;
    const call = this.#calls;
    const outcome = await new Promise<Outcome>((resolve) => {
      this.#settle.set(call, resolve);
      const numbered: Numbered<Order> = { call, order };
      // `send` fails when the process has ended.
      this.#child.send(numbered, (error) => {
        if (error !== null) this.#end(call, processEnded);
      });
    });
    if ('error' in outcome) throw revivedError(outcome.error);
    return outcome.value;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.gone;
  }

  #end(call: number, outcome: Outcome): void {
    const settle = this.#settle.get(call);
    this.#settle.delete(call);
    settle?.(outcome);
  }

  #failAll(): void {
    for (const call of [...this.#settle.keys()]) this.#end(call, processEnded);
  }
}

const processEnded: Outcome = { error: { code: undefined, message: 'the process has ended', details: {} } };
