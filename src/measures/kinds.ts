/** How a poll or a stream ended; of a poll also what it was answered. */
export const endings = ['messages', 'quiet', 'retry', 'superseded', 'closed', 'failed', 'hung-up'] as const;
export type Ending = (typeof endings)[number];

/**
 * How a message came to its poll or stream. `woken`: it was pushed while the waiter was parked, and answered it at once.
 * `read`: it was in the mailbox when the waiter looked, perhaps for long.
 */
export const deliveryWays = ['woken', 'read'] as const;
export type DeliveryWay = (typeof deliveryWays)[number];

/** `message`: a parked waiter was given its next message. `read`: something else happened, and it read its mailbox again. */
export const wakeUps = ['message', 'read'] as const;

export const transports = ['poll', 'stream'] as const;
export type Transport = (typeof transports)[number];

/** Which side of a server with a fast lane had a poll: the `lane`, or `node-http`. */
export const laneSides = ['lane', 'node-http'] as const;
export type LaneSide = (typeof laneSides)[number];

/** What became of a message at one mailbox. */
export const pushOutcomes = ['accepted', 'dropped', 'refused'] as const;

/** `gc`: expired sessions are reclaimed. `presence`: silent sessions are turned `away`. */
export const sweeps = ['gc', 'presence'] as const;
export type Sweep = (typeof sweeps)[number];

/** The operations of `SessionStore` that are timed; those that begin and end a store's life are not. */
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
