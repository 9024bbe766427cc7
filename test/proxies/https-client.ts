import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { Agent, type RequestOptions, request as send } from 'node:https';
import { text } from 'node:stream/consumers';
import { EventStream } from '../support/event-stream.js';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Options that accept any certificate, because the certificate of these tests is self-signed. */
const anyCertificate = { rejectUnauthorized: false } as const;

/** A client of a proxy at `https://localhost:<port>`, over HTTP/1.1. */
export class HttpsClient {
  readonly origin: string;
  readonly #agent = new Agent({ keepAlive: true, ...anyCertificate });
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
    this.origin = `https://localhost:${port}`;
  }

  async ask(path: string, headers: Readonly<Record<string, string>> = {}, signal?: AbortSignal): Promise<Answer> {
    return whole(await this.#send(path, headers, signal && { signal }));
  }

  async post(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<Answer> {
    return whole(await this.#send(path, headers, { method: 'POST' }, body));
  }

  /** Opens a stream. Resolves when its head has arrived. */
  async stream(path: string, headers: Readonly<Record<string, string>>): Promise<EventStream> {
    return EventStream.over(await this.#send(path, headers));
  }

  async #send(
    path: string,
    headers: Readonly<Record<string, string>>,
    options: RequestOptions = {},
    body?: string,
  ): Promise<IncomingMessage> {
    const where = { host: '127.0.0.1', port: this.#port, path, agent: this.#agent, servername: 'localhost' };
    const request = send({
      ...where,
      headers: { Host: `localhost:${this.#port}`, ...headers },
      ...options,
    });
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }

  /** Logs in. Resolves with the cookie. */
  async login(): Promise<string> {
    const { headers } = await this.ask('/login');
    return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  }

  /** Opens an HTTP/2 connection to the same proxy. */
  http2() {
    const session = connectHttp2(this.origin, anyCertificate);
    session.on('error', () => {
      // Ignored, because the tests check the streams.
    });
    return {
      send: (path: string, headers: Readonly<Record<string, string>>) => session.request({ ':path': path, ...headers }),
      close: () => session.destroy(),
    };
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function whole(response: IncomingMessage): Promise<Answer> {
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}
