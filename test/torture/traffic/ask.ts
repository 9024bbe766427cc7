import type { TorturedNode } from '../fleet.js';
import { pick, type Random } from '../random.js';

/** Milliseconds after which a client gives up. */
const patience = 60_000;

export interface Answer {
  /** 0 means that there was no answer. The request may have been carried out. */
  readonly status: number;
  readonly body: { readonly [name: string]: unknown };
}

/** Sends requests to random nodes. */
export class Asker {
  readonly #nodes: readonly TorturedNode[];
  readonly #random: Random;

  constructor(nodes: readonly TorturedNode[], random: Random) {
    this.#nodes = nodes;
    this.#random = random;
  }

  async ask(path: string, query: Readonly<Record<string, string | number>>): Promise<Answer> {
    const { port } = pick(this.#nodes, this.#random).link;
    const text = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) text.set(name, String(value));
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}?${text}`, {
        signal: AbortSignal.timeout(patience),
      });
      return { status: response.status, body: JSON.parse(await response.text()) };
    } catch {
      return { status: 0, body: {} };
    }
  }
}
