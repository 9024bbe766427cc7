import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Pause between two messages to an account. */
const pushPauseMs = 20;

/**
 * Continuous traffic of clients over kept-alive connections. Each account receives the numbers 1, 2, 3, … as pushes and
 * polls for them. Other requests are sent at intervals, on connections that are idle between them.
 */
export class ClusterTraffic {
  /** Errors: refused requests, and lost or unordered messages. */
  readonly faults: string[] = [];
  readonly #port: number;
  /** Has its own time-out, because without one Node's agent ignores the time-out that the server announces. */
  readonly #agent = new Agent({ keepAlive: true, timeout: 60_000 });
  readonly #work: Promise<unknown>[] = [];
  readonly #pushed: number[] = [];
  #isOver = false;

  constructor(port: number, cookies: readonly string[]) {
    this.#port = port;
    for (const [index, cookie] of cookies.entries()) {
      this.#pushed.push(0);
      this.#begin(this.#push(index), this.#poll(index, cookie), this.#askAtIntervals(100 + 250 * index));
    }
  }

  /** The number of messages pushed so far. */
  get pushed(): number {
    return this.#pushed.reduce((sum, count) => sum + count, 0);
  }

  /** Resolves when all accounts have received all their messages. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#work);
    this.#agent.destroy();
  }

  #begin(...loops: readonly Promise<unknown>[]): void {
    for (const loop of loops) this.#work.push(loop.catch((error) => this.faults.push(String(error))));
  }

  async #push(index: number): Promise<void> {
    while (!this.#isOver) {
      const next = (this.#pushed[index] ?? 0) + 1;
      const body = JSON.stringify({ to: { account: `account-${index}` }, data: next });
      const headers = { 'Content-Type': 'application/json', 'X-Admin-Key': 'key' };
      await this.#ask('POST', '/messages', headers, body);
      this.#pushed[index] = next;
      await delay(pushPauseMs);
    }
  }

  async #poll(index: number, Cookie: string): Promise<void> {
    let cursor = '';
    let received = 0;
    while (!this.#isOver || received < (this.#pushed[index] ?? 0)) {
      const { body } = await this.#ask('GET', `/poll?after=${cursor}&wait=2000`, { Cookie });
      const batch: unknown = JSON.parse(body);
      if (!isBatch(batch)) throw new Error(`no batch: ${body}`);
      if (batch.lost !== 0 || batch.reset === true || batch.closed !== undefined) this.faults.push(body);
      for (const { data } of batch.messages) {
        received += 1;
        if (data !== received) this.faults.push(`${data} arrived instead of ${received}`);
      }
      cursor = batch.cursor;
    }
  }

  async #askAtIntervals(pauseMs: number): Promise<void> {
    while (!this.#isOver) {
      await this.#ask('GET', '/settings', {});
      await delay(pauseMs);
    }
  }

  async #ask(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.#port, agent: this.#agent, method, path, headers };
      const asking = request(options, (response) => readAll(response).then(resolve, reject));
      asking.once('error', reject);
      asking.end(body);
    });
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer;
  }
}

interface WireBatch {
  readonly messages: readonly { readonly data: unknown }[];
  readonly cursor: string;
  readonly lost: number;
  readonly reset?: boolean;
  readonly closed?: object;
}

function isBatch(value: unknown): value is WireBatch {
  return typeof value === 'object' && value !== null && 'messages' in value && 'cursor' in value;
}

async function readAll(response: IncomingMessage): Promise<Answer> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode ?? 0, body };
}
