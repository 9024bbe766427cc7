import type { MailboxHistory } from '../checker/mailbox-history.js';
import type { Random } from '../random.js';
import { pause, steadyNow } from '../steady.js';
import type { Answer, Asker } from './ask.js';

const pollWait = 2_000;
const afterFailureMs = 30;
/** Maximum time to receive the remaining messages. */
const drainMs = 60_000;

/** The session of one account with a publisher, and a client with a cursor. */
export class MailboxTraffic {
  readonly history: MailboxHistory;
  readonly #asker: Asker;
  readonly #random: Random;
  #id = '';
  #isOver = false;
  #cursor = '';

  constructor(history: MailboxHistory, asker: Asker, random: Random) {
    this.history = history;
    this.#asker = asker;
    this.#random = random;
  }

  async run(): Promise<void> {
    await Promise.all([this.#publish(), this.#receive()]);
  }

  /** Ends the traffic. */
  leave(): void {
    this.#isOver = true;
  }

  /** Receives the remaining messages. */
  async drain(): Promise<void> {
    const end = performance.now() + drainMs;
    for (let quiet = 0; quiet < 2 && this.#id !== ''; ) {
      quiet = (await this.#poll(0)) === 0 ? quiet + 1 : 0;
      if (performance.now() > end) {
        this.history.violate(`the mailbox can't be read, ${drainMs} ms after the last fault`);
        return;
      }
    }
  }

  async #publish(): Promise<void> {
    while (!this.#isOver) {
      if (this.#id === '') await this.#create();
      else await this.#push(this.#id);
      await pause(10 + this.#random() * 40);
    }
  }

  async #push(id: string): Promise<void> {
    const number = this.history.send();
    const answer = await this.#asker.ask('/push', { id, number });
    // The session has ended during the push, and its client was notified of that.
    if (id !== this.#id) return;
    if (answer.status === 200 && answer.body.accepted === 1) this.history.acknowledge(number);
    else await this.#failed(id, answer);
  }

  async #receive(): Promise<void> {
    while (!this.#isOver) {
      if (this.#id !== '') await this.#poll(pollWait);
      else await pause(10);
    }
  }

  async #create(): Promise<void> {
    const from = steadyNow();
    const { status, body } = await this.#asker.ask('/create', { account: this.history.subject });
    if (status !== 200) return pause(afterFailureMs);
    this.history.created(from);
    this.#cursor = '';
    this.#id = String(body.id);
  }

  /** @returns the number of messages; 1 if it is unknown */
  async #poll(wait: number): Promise<number> {
    const id = this.#id;
    const start = performance.now();
    const answer = await this.#asker.ask('/poll', { id, wait, after: this.#cursor });
    this.history.held(wait, performance.now() - start);
    if (id !== this.#id) return 1;
    const { status, body } = answer;
    if (status !== 200) {
      await this.#failed(id, answer);
      return 1;
    }
    const messages = Array.isArray(body.messages) ? body.messages : [];
    this.#cursor = String(body.cursor);
    this.history.take({ messages, lost: Number(body.lost), isReset: body.reset === true });
    return messages.length;
  }

  async #failed(id: string, { status, body }: Answer): Promise<void> {
    this.history.note(`failed: ${status} ${body.code ?? ''} ${body.message ?? ''}`);
    if (status === 401 && id === this.#id) {
      this.history.end(String(body.code));
      this.#id = '';
    }
    await pause(afterFailureMs);
  }
}
