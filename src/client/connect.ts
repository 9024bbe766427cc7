import type { TokenSource } from './connection.js';
import { MailboxClient } from './mailbox-client.js';
import { TabMemory, type TabStorage } from './memory.js';
import type { SocketMaker } from './socket.js';
import { here, page, type Surroundings } from './surroundings.js';
import type { Transport } from './transport.js';

/** Options of a client. In a page of the server every field is optional. Elsewhere an absolute `url` is required. */
export interface MailboxOptions {
  /** Address of the server's routes, without `poll`. Default `/`. */
  readonly url?: string | URL;
  /**
   * The bearer token, or a function that returns it before each attempt. Default: none, the session is in the cookie.
   */
  readonly token?: TokenSource;
  /** Name of the consumer of the session. Default: a separate name for each tab. */
  readonly reader?: string;
  /**
   * Cursor to begin at. Default: the cursor of the tab before a reload, else the oldest message that the server
   * retains.
   */
  readonly after?: string;
  /** Signal whose abort ends the client. */
  readonly signal?: AbortSignal;
  /**
   * Storage that keeps the cursor during a reload; `null` for no storage. Default `sessionStorage`, if there is one.
   */
  readonly storage?: TabStorage | null;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Default: the global one. */
  readonly WebSocket?: unknown;
}

/**
 * Connects with the given transport. A bundle contains only the transports that it imports.
 * @throws TypeError if `url` is not valid
 */
export function connectBy<Data = unknown>(
  transport: Transport,
  options: MailboxOptions = {},
  surroundings: Surroundings = here,
): MailboxClient<Data> {
  const { url = '/', token, after, signal, fetch = globalThis.fetch } = options;
  const base = new URL(url, page.location?.href).href.replace(/\/*$/, '/');
  const memory = new TabMemory(
    () => (options.storage === undefined ? page.sessionStorage : options.storage),
    base + (options.reader ?? ''),
  );
  const reader = options.reader ?? memory.claimReader();
  const WebSocket: SocketMaker | undefined = Object(options).WebSocket ?? page.WebSocket;
  const setting = { base, fetch, WebSocket, memory, reader, token, exchange: transport(), surroundings };
  const mailbox = new MailboxClient<Data>(setting, after);
  const close = () => mailbox.close();
  if (signal?.aborted) close();
  signal?.addEventListener('abort', close);
  mailbox.on('closed', () => signal?.removeEventListener('abort', close));
  return mailbox;
}
