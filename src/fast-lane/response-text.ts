import { STATUS_CODES } from 'node:http';

/** The part of a server of `node:http` that is read. */
export interface KeepAliveSettings {
  readonly keepAliveTimeout: number;
  readonly maxRequestsPerSocket: number | null;
}

/** The texts that all responses of one server share, as `node:http` writes them. */
export class ResponseText {
  readonly #server: KeepAliveSettings;
  #second = 0;
  #keepAliveTimeout = 0;
  #maxRequests: number | null = 0;
  #last = '';
  #kept = '';

  constructor(server: KeepAliveSettings) {
    this.#server = server;
  }

  /**
   * Returns the rest of the head, which follows the headers of an answer and the value of its `Content-Length`.
   * @param isLast whether the connection ends with this response
   */
  endOfHead(isLast: boolean): string {
    const { keepAliveTimeout, maxRequestsPerSocket } = this.#server;
    const now = Date.now();
    const second = Math.floor(now / 1_000);
    // Formatting the date takes longer than everything else that an answer needs, so the texts are made once a second.
    const isNew = second !== this.#second || keepAliveTimeout !== this.#keepAliveTimeout;
    if (isNew || maxRequestsPerSocket !== this.#maxRequests) this.#write(now, second);
    return isLast ? this.#last : this.#kept;
  }

  #write(now: number, second: number): void {
    const { keepAliveTimeout, maxRequestsPerSocket } = this.#server;
    this.#second = second;
    this.#keepAliveTimeout = keepAliveTimeout;
    this.#maxRequests = maxRequestsPerSocket;
    const date = `\r\nDate: ${new Date(now).toUTCString()}\r\n`;
    const max = maxRequestsPerSocket ? `, max=${maxRequestsPerSocket}` : '';
    const keepAlive = keepAliveTimeout ? `Keep-Alive: timeout=${Math.floor(keepAliveTimeout / 1_000)}${max}\r\n` : '';
    this.#last = `${date}Connection: close\r\n\r\n`;
    this.#kept = `${date}Connection: keep-alive\r\n${keepAlive}\r\n`;
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
