import { STATUS_CODES } from 'node:http';

/** What is read of a server of `node:http`. */
export interface KeepAliveSettings {
  readonly keepAliveTimeout: number;
  readonly maxRequestsPerSocket: number | null;
}

/** The texts that all responses of one server share, as `node:http` writes them. */
export class ResponseText {
  readonly #server: KeepAliveSettings;
  #second = 0;
  #date = '';

  constructor(server: KeepAliveSettings) {
    this.#server = server;
  }

  /**
   * What follows the headers of an answer and the value of its `Content-Length`.
   * @param isLast whether the connection ends with this response
   */
  endOfHead(isLast: boolean): string {
    if (isLast) return `\r\nDate: ${this.#now()}\r\nConnection: close\r\n\r\n`;
    const { keepAliveTimeout, maxRequestsPerSocket } = this.#server;
    const max = maxRequestsPerSocket ? `, max=${maxRequestsPerSocket}` : '';
    const keepAlive = keepAliveTimeout ? `Keep-Alive: timeout=${Math.floor(keepAliveTimeout / 1_000)}${max}\r\n` : '';
    return `\r\nDate: ${this.#now()}\r\nConnection: keep-alive\r\n${keepAlive}\r\n`;
  }

  /** To make the text takes longer than all else that an answer needs, so it is made once a second. */
  #now(): string {
    const now = Date.now();
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#date = new Date(now).toUTCString();
    }
    return this.#date;
  }
}

export function headerLines(headers: Readonly<Record<string, string>>): string {
  let text = '';
  for (const [name, value] of Object.entries(headers)) text += `${name}: ${value}\r\n`;
  return text;
}

export function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
}
