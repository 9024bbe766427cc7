/** What a client and its operator are told about one way in which a session can end. */
export interface CloseReasonEntry {
  /** One sentence for a person. */
  readonly sentence: string;
  /** Whether the client should come back with the same token. */
  readonly reconnect: boolean;
  /** Close code for a WebSocket of this session: 4000 to 4999 is the range RFC 6455 leaves to applications. */
  readonly webSocketCode: number;
}

/** The one table of close reasons; everything that ends a session names a row of it. */
export const closeReasons = {
  expired: { sentence: 'The session was idle for too long.', reconnect: false, webSocketCode: 4001 },
  'max-age': { sentence: 'The session reached its absolute lifetime.', reconnect: false, webSocketCode: 4002 },
  evicted: {
    sentence: 'A newer session of the account took the place of this one.',
    reconnect: false,
    webSocketCode: 4003,
  },
  revoked: {
    sentence: 'The session was ended from another device or by the service.',
    reconnect: false,
    webSocketCode: 4004,
  },
  logout: { sentence: 'The session was logged out.', reconnect: false, webSocketCode: 4005 },
  replaced: { sentence: 'Another session took over from this one.', reconnect: false, webSocketCode: 4006 },
  overflow: {
    sentence: 'The mailbox overflowed because its messages were not fetched.',
    reconnect: false,
    webSocketCode: 4007,
  },
  shutdown: {
    sentence: 'The server is stopping; the session lives on.',
    reconnect: true,
    webSocketCode: 1012,
  },
} as const satisfies Record<string, CloseReasonEntry>;

export type CloseReason = keyof typeof closeReasons;

/** How a close reason travels to a client, in batches and in problem documents. */
export interface ClosedNotice {
  readonly code: CloseReason;
  readonly reason: string;
  readonly reconnect: boolean;
}

export function isCloseReason(value: unknown): value is CloseReason {
  return typeof value === 'string' && Object.hasOwn(closeReasons, value);
}

export function closedNotice(code: CloseReason): ClosedNotice {
  const { sentence, reconnect } = closeReasons[code];
  return { code, reason: sentence, reconnect };
}
