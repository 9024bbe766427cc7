export { type PollHandlerOptions, type PollingRequest, pollHandler, type SessionsOfSids } from './poll-handler.js';
export { type FailedRequest, sessionErrorHandler } from './session-error-handler.js';
export { SessionMailboxStore } from './session-mailbox-store.js';
export type { AccountOf, SessionMailboxStoreOptions } from './store-options.js';
