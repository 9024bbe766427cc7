import type { DialectName } from '../servers/index.js';

/** Sends one request and resolves with the body of its answer. */
export type Exchange = (request: string) => Promise<string>;

/** The protocol between one client and one kind of server. */
export interface Dialect {
  introduce(exchange: Exchange): Promise<void>;
  /** The next poll, ready to be written. */
  poll(): string;
  /**
   * Reads the data for the next poll from the answer to the last poll.
   * @param head text that begins with the status line and the headers
   */
  answered(body: string, head: string): void;
  /** A request for a stream of messages, if the server has streams. */
  stream?(): string;
}

const COMMON_HEADERS = 'Host: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: application/json\r\n';

/** Token that a client sends to a server that issued none. It is as long as our tokens. */
const FOREIGN_TOKEN = 'x'.repeat(64);

export function dialectOf(name: DialectName, client: number, credential: string): Dialect {
  switch (name) {
    case 'mailbox':
      return new MailboxDialect(credential);
    case 'engine.io':
      return new EngineIoDialect();
    case 'faye':
      return new FayeDialect(client);
    case 'nchan':
      return new NchanDialect(client);
  }
}

function authorization(token: string): string {
  return `Authorization: Bearer ${token}\r\n`;
}

/** The dialect of our servers and of the bare server: a GET with the cursor of the last answer. */
class MailboxDialect implements Dialect {
  static readonly #mark = '"cursor":"';
  readonly #rest: string;
  #cursor = '';

  constructor(token: string) {
    this.#rest = ` HTTP/1.1\r\n${COMMON_HEADERS}${authorization(token)}\r\n`;
  }

  async introduce(): Promise<void> {}

  poll(): string {
    return `GET /poll?after=${this.#cursor}${this.#rest}`;
  }

  stream(): string {
    return `GET /events?after=${this.#cursor}${this.#rest}`;
  }

  answered(body: string): void {
    const start = body.lastIndexOf(MailboxDialect.#mark) + MailboxDialect.#mark.length;
    this.#cursor = body.slice(start, body.indexOf('"', start));
  }
}

/** Sends time and tag of the last message, from nchan's answer, in the headers that a browser's cache would send. */
class NchanDialect implements Dialect {
  static readonly #time = /\r\nLast-Modified: ([^\r]+)/;
  static readonly #tag = /\r\nEtag: ([^\r]+)/i;
  readonly #start: string;
  #cursor = '';

  constructor(client: number) {
    this.#start = `GET /poll?id=${client} HTTP/1.1\r\n${COMMON_HEADERS}${authorization(FOREIGN_TOKEN)}`;
  }

  async introduce(): Promise<void> {}

  poll(): string {
    return `${this.#start}${this.#cursor}\r\n`;
  }

  answered(_body: string, head: string): void {
    const time = NchanDialect.#time.exec(head)?.[1];
    const tag = NchanDialect.#tag.exec(head)?.[1];
    this.#cursor = `If-Modified-Since: ${time}\r\nIf-None-Match: ${tag}\r\n`;
  }
}

class EngineIoDialect implements Dialect {
  #poll = '';

  async introduce(exchange: Exchange): Promise<void> {
    const opening = await exchange(EngineIoDialect.#request(''));
    const { sid }: { sid: string } = JSON.parse(opening.slice(1));
    this.#poll = EngineIoDialect.#request(`&sid=${sid}`);
  }

  poll(): string {
    return this.#poll;
  }

  answered(): void {}

  static #request(parameters: string): string {
    return `GET /engine.io/?EIO=4&transport=polling${parameters} HTTP/1.1\r\n${COMMON_HEADERS}${authorization(FOREIGN_TOKEN)}\r\n`;
  }
}

class FayeDialect implements Dialect {
  readonly #client: number;
  #poll = '';

  constructor(client: number) {
    this.#client = client;
  }

  async introduce(exchange: Exchange): Promise<void> {
    const handshake = { channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['long-polling'] };
    const [{ clientId }]: [{ clientId: string }] = JSON.parse(await exchange(FayeDialect.#request([handshake])));
    const subscriptions = [`/client/${this.#client}`, '/all'].map((subscription) => ({
      channel: '/meta/subscribe',
      clientId,
      subscription,
    }));
    await exchange(FayeDialect.#request(subscriptions));
    this.#poll = FayeDialect.#request([{ channel: '/meta/connect', clientId, connectionType: 'long-polling' }]);
  }

  poll(): string {
    return this.#poll;
  }

  answered(): void {}

  static #request(messages: readonly unknown[]): string {
    const body = JSON.stringify(messages);
    const head = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    return `POST /faye HTTP/1.1\r\n${COMMON_HEADERS}${authorization(FOREIGN_TOKEN)}${head}\r\n${body}`;
  }
}
