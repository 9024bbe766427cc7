export { type PollHandlerOptions, type PollingRequest, pollHandler, type SessionsOfSids } from './poll-handler.js';
export { SessionMailboxStore } from './session-mailbox-store.js';
export type { SessionMailboxStoreOptions } from './store-options.js';
