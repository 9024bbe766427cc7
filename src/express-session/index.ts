export {
  ackHandler,
  eventHandler,
  type MailboxHandler,
  type MailboxHandlerOptions,
  pollHandler,
  type SidRequest,
} from './mailbox-handlers.js';
export { type FailedRequest, sessionErrorHandler } from './session-error-handler.js';
export { SessionMailboxStore } from './session-mailbox-store.js';
export type { SessionsOfSids } from './sid-app.js';
export type { AccountOf, SessionMailboxStoreOptions } from './store-options.js';
