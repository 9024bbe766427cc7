export { SessionContext, type SessionContextOptions } from './context/session-context.js';
export type { Batch } from './delivery/batch.js';
export type { Cancellable, PollOptions, PollReceiver } from './delivery/poll-request.js';
export type { StreamOptions, StreamReceiver } from './delivery/stream-request.js';
export { type ClosedNotice, type CloseReason, type CloseReasonEntry, closeReasons } from './errors/close-reason.js';
export type { SessionErrorCode } from './errors/error-statuses.js';
export { SessionError, type SessionErrorDetails, type UnknownToken } from './errors/session-error.js';
export type {
  OperatorAct,
  RefusedBearer,
  SessionEvent,
  SessionEventMap,
  SessionListener,
} from './events/session-events.js';
export type { Cursor } from './mailbox/cursor.js';
export {
  Mailbox,
  type MailboxAppend,
  type MailboxBounds,
  type MailboxRead,
  type MailboxSnapshot,
} from './mailbox/mailbox.js';
export { Message, type OutgoingMessage } from './mailbox/message.js';
export { type StoreBinding, sessionModule } from './module.js';
export type { PasswordChange, ResolvedToken } from './service/app-authentication.js';
export { AnyClient, ClientPolicy, type KnownClient, type SeenClient } from './service/client-policy.js';
export type { CreateOptions } from './service/new-session.js';
export { GcProcessor } from './service/processors/gc-processor.js';
export { HeartbeatProcessor } from './service/processors/heartbeat-processor.js';
export { PushMessageProcessor } from './service/processors/push-message-processor.js';
export type { PushOptions } from './service/push-message.js';
export type { PushReport } from './service/push-report.js';
export type { RefusedRequest } from './service/refused-bearer.js';
export type { RenewOptions } from './service/renewal.js';
export { type DrainOptions, IssuedSession, Session, type SessionDescription } from './service/session.js';
export { SessionManager } from './service/session-manager.js';
export type { SessionPage, SessionsOfAppOptions } from './service/session-page.js';
export { stopOnSignals } from './service/stop-on-signals.js';
export { type RunningSessions, startSessions } from './start-sessions.js';
export { type ChangeFeed, type ChangeWatcher, isChangeFeed, type SessionChange } from './store/change-feed.js';
export type {
  AttributeTexts,
  ClosedSession,
  NewSession,
  Presence,
  SessionRecord,
  SessionReference,
} from './store/session-record.js';
export {
  type AccountRotation,
  type AppendOutcome,
  type AppPage,
  type AppQuery,
  type AttributePatch,
  type Contact,
  type Insertion,
  type LimitedLogin,
  type OnceInsertion,
  type PresenceCounts,
  type ReadRequest,
  type ReadResult,
  type Renewal,
  type Replacement,
  SessionStore,
  type Slice,
} from './store/session-store.js';
export type { StoreListener } from './store/store-listener.js';
export { type MemoryStoreOptions, memoryStore } from './stores/memory/index.js';
export { MemoryStore } from './stores/memory/memory-store.js';
export type { SnapshotOptions } from './stores/memory/snapshot-file.js';
export { Clock, SystemClock, type Timer } from './time/clock.js';
export type { JsonValue } from './validation/json-value.js';
