import { WebSocket } from 'ws';

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly problem: { readonly status: number; readonly code?: string; readonly closed?: { readonly code: string } };
}

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

export interface ClientOptions {
  readonly path?: string;
  readonly token?: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the client answers pings, as the protocol requires. Default true. */
  readonly autoPong?: boolean;
}

/** A real client of `ws`, with the outcome of its handshake and its close. */
export class Client {
  readonly socket: WebSocket;
  readonly #received: unknown[] = [];
  readonly #waiting: ((message: unknown) => void)[] = [];
  /** Resolves at the close, also if the handshake failed. */
  readonly closed: Promise<Closing>;
  /** `undefined` when the WebSocket was opened. */
  readonly outcome: Promise<Refusal | undefined>;

  constructor(port: number, { path = '/', token, cookie, headers = {}, autoPong = true }: ClientOptions = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
      autoPong,
      headers: {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(cookie !== undefined && { Cookie: cookie }),
        ...headers,
      },
    });
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.outcome = new Promise((resolve, reject) => {
      this.socket.once('open', () => resolve(undefined));
      this.socket.once('error', reject);
      this.socket.once('unexpected-response', (_request, response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.once('end', () => {
          const { statusCode: status = 0, headers: fields } = response;
          resolve({ status, headers: fields, problem: JSON.parse(body) });
        });
      });
    });
    // `opened` and `refused` await the outcome; a test that calls neither must not fail by an unhandled rejection.
    this.outcome.catch(() => {});
    this.socket.on('error', () => {});
    this.socket.on('message', (data) => this.#take(JSON.parse(String(data))));
  }

  /** Resolves once the WebSocket is open. */
  async opened(): Promise<this> {
    const refusal = await this.outcome;
    if (refusal === undefined) return this;
    throw new Error(`The upgrade was refused: ${refusal.status} ${JSON.stringify(refusal.problem)}`);
  }

  async refused(): Promise<Refusal> {
    const refusal = await this.outcome;
    if (refusal !== undefined) return refusal;
    this.socket.terminate();
    throw new Error('The upgrade was not refused');
  }

  send(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Resolves with the next message, in order. */
  next(): Promise<unknown> {
    if (this.#received.length > 0) return Promise.resolve(this.#received.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  ask(message: unknown): Promise<unknown> {
    this.send(message);
    return this.next();
  }

  #take(message: unknown): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#received.push(message);
    else waiting(message);
  }
}
