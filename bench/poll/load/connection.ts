import { connect, type Socket } from 'node:net';

/** One buffer for all connections: each read is copied out before the next can begin. */
const READ_BUFFER = Buffer.allocUnsafe(64 * 1024);
const HEAD_END = '\r\n\r\n';
const STATUS_START = 'HTTP/1.1 '.length;
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)/i;

/** A raw HTTP/1.1 connection that implements just enough of the protocol to find where an answer ends. */
export class Connection {
  /** Receives the body of each answer, and its status line and headers. */
  onAnswer: (body: string, head: string) => void = () => {};
  readonly #socket: Socket;
  #received = '';
  #isStream = false;

  private constructor(port: number, opened: () => void, failed: (error: Error) => void) {
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (length) => {
          this.#read(READ_BUFFER.toString('latin1', 0, length));
          return true;
        },
      },
    });
    this.#socket.once('connect', opened);
    this.#socket.on('error', failed);
    this.#socket.on('end', () => failed(new Error('the server hung up')));
  }

  /** Rejects when the connection can't be opened. If it breaks later, the error is thrown uncaught and ends the run. */
  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let open = false;
      const connection: Connection = new Connection(
        port,
        () => {
          open = true;
          resolve(connection);
        },
        (error) => {
          if (open) throw error;
          reject(error);
        },
      );
    });
  }

  send(request: string): void {
    this.#socket.write(request, 'latin1');
  }

  /** Sends a request whose answer never ends. The connection reads the answer and drops it. */
  stream(request: string): void {
    this.#isStream = true;
    this.onAnswer = () => {};
    this.send(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    if (this.#isStream) return;
    const text = this.#received + chunk;
    const body = completeBody(text);
    if (body === undefined) {
      this.#received = text;
    } else {
      this.#received = '';
      this.onAnswer(body, text);
    }
  }
}

function completeBody(text: string): string | undefined {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  if (!text.startsWith('200', STATUS_START)) throw new Error(`a poll was answered ${JSON.stringify(text)}`);
  const length = CONTENT_LENGTH.exec(text)?.[1];
  if (length === undefined) throw new Error(`an answer gave no length: ${JSON.stringify(text)}`);
  const bodyStart = headEnd + HEAD_END.length;
  const missing = bodyStart + Number(length) - text.length;
  if (missing < 0) throw new Error(`an answer ran on: ${JSON.stringify(text)}`);
  return missing === 0 ? text.slice(bodyStart) : undefined;
}
