export type { Batch } from './core/batch.js';
export { encodeBatch } from './core/batch.js';
export { type ChangeFeed, type ChangeWatcher, isChangeFeed } from './core/change-feed.js';
export { Clock, SystemClock, type Timer } from './core/clock.js';
export { type ClosedNotice, type CloseReason, type CloseReasonEntry, closeReasons } from './core/close-reason.js';
export type { Cursor } from './core/cursor.js';
export type { JsonValue } from './core/json-value.js';
export {
  Mailbox,
  type MailboxAppend,
  type MailboxBounds,
  type MailboxRead,
  type MailboxState,
} from './core/mailbox.js';
export { Message, type OutgoingMessage } from './core/message.js';
export type { CreateOptions } from './core/new-session.js';
export type { PollOptions, PollReceiver } from './core/poll-request.js';
export type { PushReport } from './core/push-report.js';
export { IssuedSession, Session, type SessionDescription } from './core/session.js';
export { SessionContext, type SessionContextOptions } from './core/session-context.js';
export { SessionError, type SessionErrorCode, type SessionErrorDetails } from './core/session-error.js';
export type { SessionEvent, SessionEventMap, SessionListener } from './core/session-events.js';
export {
  SessionManager,
  type SessionPage,
  type SessionsOfAppOptions,
} from './core/session-manager.js';
export type { PushOptions, RenewOptions } from './core/session-operations.js';
export type {
  AttributeTexts,
  ClosedSession,
  NewSession,
  Presence,
  SessionRecord,
  SessionReference,
} from './core/session-record.js';
export {
  type AppendOutcome,
  type AppPage,
  type AppQuery,
  type AttributePatch,
  type Contact,
  type Insertion,
  type OnceInsertion,
  type ReadRequest,
  type ReadResult,
  type Renewal,
  type Replacement,
  SessionStore,
  type Slice,
  type StoreListener,
} from './core/session-store.js';
export { type StoreBinding, sessionModule } from './module.js';
export { stopOnSignals } from './process/stop-on-signals.js';
export { GcProcessor } from './processors/gc-processor.js';
export { HeartbeatProcessor } from './processors/heartbeat-processor.js';
export { PushMessageProcessor } from './processors/push-message-processor.js';
export { type MemoryStoreOptions, memoryStore } from './stores/memory/index.js';
export { MemoryStore } from './stores/memory/memory-store.js';
export type { SnapshotOptions } from './stores/memory/snapshot-file.js';
