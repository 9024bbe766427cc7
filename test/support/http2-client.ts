import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';

export interface Http2Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** An HTTP/2 connection without TLS (prior knowledge). Its requests are answered concurrently. */
export class Http2Connection {
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;

  constructor(port: number) {
    this.#socket = connectSocket(port, '127.0.0.1');
    this.#session = connect(`http://127.0.0.1:${port}`, { createConnection: () => this.#socket });
    this.#session.on('error', () => {
      // Tests check the answers.
    });
  }

  /** Sends a GET. `answerOf` returns its answer. */
  send(path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
    const stream = this.#session.request({ ':path': path, ...headers });
    stream.on('error', () => {
      // A test that resets the stream expects no answer.
    });
    return stream;
  }

  get(path: string, headers?: OutgoingHttpHeaders): Promise<Http2Answer> {
    return answerOf(this.send(path, headers));
  }

  /** Ends the connection without a GOAWAY frame. */
  cut(): void {
    this.#socket.destroy();
  }

  async close(): Promise<void> {
    if (this.#session.destroyed) return;
    const closed = once(this.#session, 'close');
    this.#session.destroy();
    await closed;
  }
}

export async function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    let body = '';
    let answer: { status: number; headers: Readonly<Record<string, unknown>> } | undefined;
    stream.setEncoding('utf8');
    stream.on('response', (headers) => {
      answer = { status: Number(headers[':status']), headers };
    });
    stream.on('data', (text: string) => {
      body += text;
    });
    stream.once('close', () => {
      if (answer === undefined || stream.rstCode !== 0) reject(new Error(`The stream was reset: ${stream.rstCode}`));
      else resolve({ ...answer, body });
    });
  });
}
