/** Endings of polls and streams. For a poll, the ending is also the kind of its answer. */
export const endings = ['messages', 'quiet', 'retry', 'superseded', 'closed', 'failed', 'hung-up'] as const;
export type Ending = (typeof endings)[number];

/**
 * Ways in which a message reaches its poll or stream. `woken`: it was pushed while the waiter was parked, and answered
 * it at once. `read`: it was in the mailbox when the waiter read, perhaps for a long time.
 */
export const deliveryWays = ['woken', 'read'] as const;
export type DeliveryWay = (typeof deliveryWays)[number];

/**
 * Causes that wake a parked waiter. `message`: its next message. `read`: another change, and it read its mailbox again.
 */
export const wakeUps = ['message', 'read'] as const;

export const transports = ['poll', 'stream'] as const;
export type TransportKind = (typeof transports)[number];

/** Side of a server with a fast lane that received a poll: the `lane`, or `node-http`. */
export const laneSides = ['lane', 'node-http'] as const;
export type LaneSide = (typeof laneSides)[number];

/** Outcomes of a message at one mailbox. */
export const pushOutcomes = ['accepted', 'dropped', 'refused'] as const;

/** `gc`: expired sessions are reclaimed. `presence`: silent sessions are turned `away`. */
export const sweeps = ['gc', 'presence'] as const;
export type Sweep = (typeof sweeps)[number];

/** The operations of `SessionStore` that are timed. `open` and `close` are not timed. */
export const storeOperations = [
  'ping',
  'insert',
  'insertOnce',
  'authenticate',
  'get',
  'touch',
  'patch',
  'patchAsBearer',
  'rotate',
  'rotateAndEndOthers',
  'reauthenticate',
  'recordClient',
  'replace',
  'end',
  'endAsBearer',
  'endAccount',
  'endApp',
  'listAccount',
  'listApp',
  'scanApp',
  'countSessions',
  'countPresence',
  'countActiveAccounts',
  'append',
  'appendToAccount',
  'appendToEach',
  'read',
  'acknowledge',
  'acknowledgeAsBearer',
  'release',
  'sweep',
  'judgePresence',
] as const;
export type StoreOperation = (typeof storeOperations)[number];
