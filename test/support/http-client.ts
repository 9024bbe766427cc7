import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawResponse {
  readonly status: number;
  /** Names and values in the order and spelling in which they were sent. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly token?: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const headEnd = Buffer.from('\r\n\r\n');

/** A TCP connection to a server under test. The test decides what is written and when, and how the connection ends. */
export class Connection {
  readonly #socket: Socket;
  readonly #methods: string[] = [];
  /** Sizes of the received pieces. */
  readonly pieces: number[] = [];
  /** Pieces received after `#buffer`. Joined only when a response may be complete, to avoid quadratic cost. */
  #arrived: Buffer[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (piece: Buffer) => {
      this.pieces.push(piece.length);
      this.#arrived.push(piece);
      this.#wake();
    });
    socket.on('error', () => {
      // Tests check what was received, and the `close` event that follows.
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
    socket.on('end', () => this.#wake());
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** @param socket a socket that is connecting, for example with TLS */
  static async over(socket: Socket): Promise<Connection> {
    await once(socket, 'encrypted' in socket ? 'secureConnect' : 'connect');
    return new Connection(socket);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends a request without waiting for its answer. `response()` returns the answers in order. */
  send(path: string, options: RequestOptions = {}): this {
    const method = options.method ?? 'GET';
    const headers: Record<string, string> = { Host: `127.0.0.1:${this.#socket.remotePort}`, ...options.headers };
    if (options.token !== undefined) headers.Authorization = `Bearer ${options.token}`;
    if (options.cookie !== undefined) headers.Cookie = options.cookie;
    if (options.body !== undefined) headers['Content-Length'] ??= String(Buffer.byteLength(options.body));
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#methods.push(method);
    this.#socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
    if (options.body !== undefined) this.#socket.write(options.body);
    return this;
  }

  /** Sends bytes unchanged. `method` only determines how the answer is framed. */
  sendRaw(text: string | Buffer, method = 'GET'): this {
    this.#methods.push(method);
    this.#socket.write(text);
    return this;
  }

  /** Returns the answer to the oldest unanswered request. Rejects when the connection ends before. */
  async response(): Promise<RawResponse> {
    const method = this.#methods.shift() ?? 'GET';
    for (let needed = 0; ; ) {
      this.#join(needed);
      const parsed = parseResponse(this.#buffer, method, this.#isClosed);
      if (parsed.response !== undefined) {
        this.#buffer = this.#buffer.subarray(parsed.length);
        return parsed.response;
      }
      needed = parsed.length;
      if (this.#isClosed) throw new Error('The connection ended before the response was whole');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Joins the received pieces if they contain at least `needed` bytes together. */
  #join(needed: number): void {
    const length = this.#arrived.reduce((sum, piece) => sum + piece.length, this.#buffer.length);
    if (length < needed && !this.#isClosed) return;
    this.#buffer = Buffer.concat([this.#buffer, ...this.#arrived]);
    this.#arrived = [];
  }

  /** Reads nothing more from the network, so that the server's writes get stuck. */
  stopReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  /** Half-closes: the client sends nothing more. */
  end(): void {
    this.#socket.end();
  }

  /** Closes the connection with a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }

  async closed(): Promise<void> {
    if (!this.#isClosed) await once(this.#socket, 'close');
  }
}

interface Parsed {
  /** `undefined` while the response is incomplete. */
  readonly response: RawResponse | undefined;
  /** Length of the complete response, or the minimum length at which it can be complete. */
  readonly length: number;
}

function parseResponse(buffer: Buffer, method: string, isClosed: boolean): Parsed {
  const end = buffer.indexOf(headEnd);
  if (end === -1) return { response: undefined, length: buffer.length + 1 };
  const [statusLine = '', ...lines] = buffer.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(statusLine.split(' ')[1]);
  const rawHeaders = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const headers = new Map(rawHeaders.map(([name, value]) => [name.toLowerCase(), value]));
  const start = end + headEnd.length;
  const response = (body: string) => ({ status, rawHeaders, headers, body });
  if (method === 'HEAD' || status === 204 || status === 304) return { response: response(''), length: start };
  if (headers.get('transfer-encoding') === 'chunked') {
    const chunked = parseChunked(buffer, start);
    return { response: chunked.body === undefined ? undefined : response(chunked.body), length: chunked.end };
  }
  const declared = headers.get('content-length');
  if (declared === undefined && !isClosed) return { response: undefined, length: buffer.length + 1 };
  const bodyEnd = declared === undefined ? buffer.length : start + Number(declared);
  if (buffer.length < bodyEnd) return { response: undefined, length: bodyEnd };
  return { response: response(buffer.subarray(start, bodyEnd).toString()), length: bodyEnd };
}

/** @returns `end` has the meaning of `Parsed.length` */
function parseChunked(buffer: Buffer, start: number): { body: string | undefined; end: number } {
  const chunks: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = buffer.indexOf('\r\n', at);
    if (lineEnd === -1) return { body: undefined, end: buffer.length + 1 };
    const size = Number.parseInt(buffer.subarray(at, lineEnd).toString('latin1'), 16);
    const next = lineEnd + 2 + size + 2;
    if (buffer.length < next) return { body: undefined, end: next };
    if (size === 0) return { body: Buffer.concat(chunks).toString(), end: next };
    chunks.push(buffer.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}

/** Sends one request on a separate connection. */
export async function request(port: number, path: string, options: RequestOptions = {}): Promise<RawResponse> {
  const connection = await Connection.open(port);
  try {
    return await connection.send(path, options).response();
  } finally {
    await connection.close();
  }
}
