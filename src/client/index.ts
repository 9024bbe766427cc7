import { connectBy, type MailboxOptions } from './connect.js';
import type { MailboxClient } from './mailbox-client.js';
import { shared } from './shared.js';
import type { Transport } from './transport.js';
import { auto } from './transports/auto.js';
import { poll } from './transports/poll.js';
import { sse } from './transports/sse.js';
import { webSocket } from './transports/web-socket.js';

export { connectBy, type MailboxOptions } from './connect.js';
export type { TokenSource } from './connection.js';
export type { MailboxClient } from './mailbox-client.js';
export type { TabStorage } from './memory.js';
export type { MailboxEvents, MailboxState, Pause } from './news.js';
export { Refusal } from './refusal.js';
export { shared } from './shared.js';
export type { Transport } from './transport.js';
export { auto } from './transports/auto.js';
export { poll } from './transports/poll.js';
export { sse } from './transports/sse.js';
export { webSocket } from './transports/web-socket.js';
export type { ClosedNotice, Message } from './wire.js';

const transports = { auto, poll, sse, websocket: webSocket } satisfies Record<string, Transport>;

export interface ConnectOptions extends MailboxOptions {
  /** Transport that reads the mailbox. Default `poll`. */
  readonly transport?: keyof typeof transports;
  /** Whether the tabs of a browser that read by cookie share one connection. Default `true`. */
  readonly share?: boolean;
}

/**
 * Reads the mailbox of a session.
 * @throws TypeError if `url` is not valid, or the transport is unknown
 */
export function connect<Data = unknown>({
  transport = 'poll',
  share = true,
  ...options
}: ConnectOptions = {}): MailboxClient<Data> {
  const way: Transport | undefined = transports[transport];
  if (!way) throw new TypeError(`No transport ${transport}`);
  return connectBy<Data>(share ? shared(way) : way, options);
}
