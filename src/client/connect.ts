import type { TokenSource } from './connection.js';
import { Mailbox } from './mailbox.js';
import { TabMemory, type TabStorage } from './memory.js';
import type { SocketMaker } from './socket.js';
import { here, page, type Surroundings } from './surroundings.js';
import type { Transport } from './transport.js';

/** How to reach a mailbox. Every field is optional in a page of the server; elsewhere `url` must be absolute. */
export interface MailboxOptions {
  /** What precedes `poll` in the server's paths. Default `/`. */
  readonly url?: string | URL;
  /** The bearer token, or what gives it: asked before each request. Default: none, the cookie has it. */
  readonly token?: TokenSource;
  /** Which consumer of the session reads. Default: a name of the tab's own. */
  readonly reader?: string;
  /** The cursor to begin at. Default: where the tab was before a reload, else the oldest message retained. */
  readonly after?: string;
  /** Closes the mailbox. */
  readonly signal?: AbortSignal;
  /** Keeps the cursor over a reload; `null` for nowhere. Default `sessionStorage`, where there is one. */
  readonly storage?: TabStorage | null;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Default: the global one. */
  readonly WebSocket?: unknown;
}

/**
 * Connects by one transport. A bundle has no other than the ones that it imports.
 * @throws TypeError if `url` is not valid
 */
export function connectBy<Data = unknown>(
  transport: Transport,
  options: MailboxOptions = {},
  surroundings: Surroundings = here,
): Mailbox<Data> {
  const { url = '/', token, after, signal, fetch = globalThis.fetch } = options;
  const base = new URL(url, page.location?.href).href.replace(/\/*$/, '/');
  const memory = new TabMemory(
    () => (options.storage === undefined ? page.sessionStorage : options.storage),
    base + (options.reader ?? ''),
  );
  const reader = options.reader ?? memory.claimReader();
  const WebSocket: SocketMaker | undefined = Object(options).WebSocket ?? page.WebSocket;
  const setting = { base, fetch, WebSocket, memory, reader, token, exchange: transport(), surroundings };
  const mailbox = new Mailbox<Data>(setting, after);
  const close = () => mailbox.close();
  if (signal?.aborted) close();
  signal?.addEventListener('abort', close);
  mailbox.on('closed', () => signal?.removeEventListener('abort', close));
  return mailbox;
}
