import { Connection } from './connection.js';
import type { Dialect } from './dialect.js';

/** Part of every message's text, and of no answer without a message. */
const MESSAGE_MARK = '"text":"x';

/** One polling client; its connection may come and go, what it has learnt of the server stays. */
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

  /** Once in its life, a client makes itself known where the server asks for that. */
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

  /** The same listener goes on; for the next poll from within it. */
  pollAgain(): void {
    this.#connected().send(this.#dialect.poll());
  }

  /** Polls on and on, whether or not there are messages. */
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
