import { Connection } from './connection.js';
import type { Dialect } from './dialect.js';

/** Text that is in every message, and in no answer without a message. */
const MESSAGE_MARK = '"text":"x';

/** One polling client. It may disconnect and connect again; it keeps the state that it has received from the server. */
export class Client {
  readonly #port: number;
  readonly #dialect: Dialect;
  #connection: Connection | undefined;
  #introduced = false;

  constructor(port: number, dialect: Dialect) {
    this.#port = port;
    this.#dialect = dialect;
  }

  async connect(): Promise<void> {
    this.#connection = await Connection.open(this.#port);
  }

  disconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** The client registers with the server, once in its life, if the server requires it. */
  async introduce(): Promise<void> {
    if (this.#introduced) return;
    this.#introduced = true;
    await this.#dialect.introduce((request) => {
      const connection = this.#connected();
      return new Promise((resolve) => {
        connection.onAnswer = (body) => resolve(body);
        connection.send(request);
      });
    });
  }

  poll(onMessage: (client: Client) => void): void {
    const connection = this.#connected();
    connection.onAnswer = (body, head) => {
      if (!body.includes(MESSAGE_MARK)) throw new Error(`a poll was answered without a message: ${body}`);
      this.#dialect.answered(body, head);
      onMessage(this);
    };
    connection.send(this.#dialect.poll());
  }

  /** Polls again with the same listener. To be called from within the listener. */
  pollAgain(): void {
    this.#connected().send(this.#dialect.poll());
  }

  /** Polls continuously, whether or not there are messages. */
  pollOnAndOn(): void {
    const connection = this.#connected();
    connection.onAnswer = (body, head) => {
      this.#dialect.answered(body, head);
      this.pollAgain();
    };
    this.pollAgain();
  }

  stream(): void {
    const request = this.#dialect.stream?.();
    if (request === undefined) throw new Error('this server has no streams');
    this.#connected().stream(request);
  }

  #connected(): Connection {
    if (this.#connection === undefined) throw new Error('not connected');
    return this.#connection;
  }
}
