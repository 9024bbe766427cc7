/** Presentation of one close reason to clients and operators. */
export interface CloseReasonEntry {
  /** One sentence for people. */
  readonly sentence: string;
  /** Whether the session lives on and the client should connect again, with its current token. */
  readonly reconnect: boolean;
  /** Close code for a WebSocket of the session. RFC 6455 leaves 4000 to 4999 to applications. */
  readonly webSocketCode: number;
}

/** All reasons for which a session, or a connection to it, can be closed. */
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
  rotated: {
    sentence: 'The token was replaced; the session stays valid with the new one.',
    reconnect: true,
    webSocketCode: 4008,
  },
  shutdown: {
    sentence: 'The server is stopping; the session stays valid.',
    reconnect: true,
    webSocketCode: 1012,
  },
} as const satisfies Record<string, CloseReasonEntry>;

/** Reason why a session or a connection was closed: a key of `closeReasons`. */
export type CloseReason = keyof typeof closeReasons;

/** A close reason in the form that clients receive in batches and problem documents. */
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
