import type { TorturedNode } from './fleet.js';
import type { History } from './history.js';

const pollWait = 2_000;
/** A paused node, a restart and a busy machine may delay an answer by so much. */
const patience = 60_000;

export interface Answer {
  readonly status: number;
  readonly body: { readonly [name: string]: unknown };
}

/** The session of one account: a publisher and a client with a cursor. */
export class TorturedSession {
  readonly history: History;
  readonly #nodes: readonly TorturedNode[];
  readonly #random: () => number;
  readonly #mayForget: boolean;
  #id = '';
  #isOver = false;
  #cursor = '';
  #number = 0;

  /** @param mayForget the store loses sessions with its process */
  constructor(history: History, nodes: readonly TorturedNode[], random: () => number, mayForget: boolean) {
    this.history = history;
    this.#nodes = nodes;
    this.#random = random;
    this.#mayForget = mayForget;
  }

  async publish(): Promise<void> {
    while (!this.#isOver) {
      if (this.#id === '') await this.#create();
      const id = this.#id;
      this.#number += 1;
      const number = this.#number;
      const { status, body } = await this.#ask(`/push?id=${id}&number=${number}`);
      if (status === 200 && body.accepted === 1) {
        this.history.note(`acknowledged ${number}`);
        if (id === this.#id) this.history.acknowledged.push(number);
      } else await this.#failed(id, status);
      await pause(5 + this.#random() * 20);
    }
  }

  async receive(): Promise<void> {
    while (!this.#isOver) {
      if (this.#id !== '') await this.#poll(pollWait);
      else await pause(10);
    }
  }

  /** Ends the traffic, and receives what is left. */
  leave(): void {
    this.#isOver = true;
  }

  async drain(): Promise<void> {
    for (let quiet = 0; quiet < 2; ) quiet = (await this.#poll(0)) === 0 ? quiet + 1 : 0;
    this.history.settle();
  }

  async #create(): Promise<void> {
    const { status, body } = await this.#ask(`/create?account=${this.history.account}`);
    if (status === 200) this.#id = String(body.id);
    else await pause(50);
  }

  /** @returns how many messages there were; 1 when that is not known */
  async #poll(wait: number): Promise<number> {
    const [id, start] = [this.#id, performance.now()];
    const { status, body } = await this.#ask(`/poll?id=${id}&wait=${wait}&after=${encodeURIComponent(this.#cursor)}`);
    const held = performance.now() - start;
    if (held > patience) this.history.violate(`a poll of ${wait} ms took ${Math.round(held)} ms`);
    if (status !== 200) {
      await this.#failed(id, status);
      return 1;
    }
    if (id !== this.#id) return 1;
    const messages = Array.isArray(body.messages) ? body.messages.map(Number) : [];
    this.#cursor = String(body.cursor);
    this.history.take(messages, Number(body.lost), body.reset === true);
    return messages.length;
  }

  async #failed(id: string, status: number): Promise<void> {
    if (status === 401 && id === this.#id && id !== '') {
      if (!this.#mayForget) this.history.violate(`the session is unknown`);
      this.history.note('the session is gone');
      // Told of the whole session: what it held counts no more.
      this.history.acknowledgedBeforeReset = this.history.acknowledged.length;
      this.#id = '';
      this.#cursor = '';
      if (this.#isOver) await this.#create();
    }
    await pause(20);
  }

  async #ask(path: string): Promise<Answer> {
    const node = this.#nodes[Math.floor(this.#random() * this.#nodes.length)];
    if (node === undefined || node.port === 0) return { status: 0, body: {} };
    try {
      const response = await fetch(`http://127.0.0.1:${node.port}${path}`, {
        signal: AbortSignal.timeout(2 * patience),
      });
      return { status: response.status, body: JSON.parse(await response.text()) };
    } catch {
      return { status: 0, body: {} };
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
