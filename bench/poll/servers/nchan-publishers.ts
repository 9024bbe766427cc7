import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const SUBSCRIBERS = /^subscribers: (\d+)$/m;
const ATTEMPTS = 500;
const ATTEMPT_INTERVAL = 20;

/** Sends messages to nchan, over connections that stay open. */
export class Publishers {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(port: number) {
    this.#port = port;
  }

  /** Waits until nginx answers, then opens the connections. */
  async open(connections: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.waiting();
        break;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        await delay(ATTEMPT_INTERVAL);
      }
    }
    await Promise.all(Array.from({ length: connections }, () => this.waiting()));
  }

  /** Resolves when nchan has accepted the message. */
  async publish(channel: string, message: string): Promise<void> {
    const { status, body } = await this.#ask('POST', `/publish?id=${channel}`, message);
    if (status !== 201 && status !== 202) throw new Error(`nchan answered ${status} to a message: ${body}`);
  }

  /** Number of polls that nchan holds. */
  async waiting(): Promise<number> {
    const { body } = await this.#ask('GET', '/status', '');
    return Number(SUBSCRIBERS.exec(body)?.[1]);
  }

  #ask(method: string, path: string, content: string): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      const options = { port: this.#port, host: '127.0.0.1', method, path, agent: this.#agent };
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) };
      const sent = request({ ...options, headers }, (response: IncomingMessage) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
      sent.on('error', reject);
      sent.end(content);
    });
  }
}
