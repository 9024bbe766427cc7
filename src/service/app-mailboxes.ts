import type { SessionContext } from '../context/session-context.js';
import { unreadBatch } from '../delivery/answers.js';
import type { Batch } from '../delivery/batch.js';
import {
  type Cancellable,
  type PollCredential,
  type PollOptions,
  type PollReceiver,
  type PollRequest,
  requirePollRequest,
  requireReader,
} from '../delivery/poll-request.js';
import { requireStreamRequest, type StreamOptions, type StreamReceiver } from '../delivery/stream-request.js';
import { guarded } from '../errors/guarded.js';
import { parseCursor } from '../mailbox/cursor.js';
import { serialiseMessage } from '../mailbox/message.js';
import { requireAccountId, requireSessionId } from '../store/session-arguments.js';
import { AppService, runtimeOf } from './app-service.js';
import { type Bearer, bearerOf, requireBearer } from './bearer.js';
import { pollForBatch } from './polling.js';
import { messageKeyOf, type PushOptions, reportPush } from './push-message.js';
import { type PushReport, publishPush, reportOutcomes } from './push-report.js';
import { Session } from './session.js';

/**
 * Like `pollAsBearer`, for a token that was hashed before. The store still compares this hash with the hash of the
 * session's secret, and refuses a token that was replaced since. Only for this package: a method would be public.
 */
export let pollByHash: (
  service: AppMailboxes,
  bearer: Bearer,
  options: PollOptions,
  receiver: PollReceiver,
) => Cancellable;

/** Returned for a poll that was answered immediately. */
const over: Cancellable = { cancel() {} };

/** The methods of `SessionManager` for the mailboxes of its app: push, poll and stream. */
export abstract class AppMailboxes extends AppService {
  static {
    pollByHash = (service, { id, secretHash }, options, receiver) =>
      service.#poll(id, { secretHash, generation: undefined }, options, receiver);
  }

  /**
   * Puts a message into a session's mailbox.
   * @param data any JSON value of at most `msgMaxBytes` bytes
   * @throws SessionError `MESSAGE_TOO_LARGE`, or, depending on `onOverflow`, `MAILBOX_FULL` or `SESSION_CLOSED`
   */
  async push(id: string, data: unknown, options: PushOptions = {}): Promise<PushReport> {
    const runtime = runtimeOf(this);
    const message = serialiseMessage(data, messageKeyOf(options), runtime.context.msgMaxBytes);
    return reportPush(runtime, message, await runtime.store.append(this.app, requireSessionId(id), message));
  }

  /**
   * Puts a message into the mailbox of each of the account's live sessions. A full mailbox is counted, not an error.
   * @param data any JSON value of at most `msgMaxBytes` bytes
   * @throws SessionError `MESSAGE_TOO_LARGE`
   */
  async pushToAccount(accountId: string, data: unknown, options: PushOptions = {}): Promise<PushReport> {
    const { store, context, events } = runtimeOf(this);
    const message = serialiseMessage(data, messageKeyOf(options), context.msgMaxBytes);
    const outcomes = await store.appendToAccount(this.app, requireAccountId(accountId), message);
    const report = reportOutcomes(events, message, outcomes);
    publishPush(this.app, 'account', accountId, message, report);
    return report;
  }

  /**
   * Puts a message into every mailbox of the app. A full mailbox is counted, not an error. Resolves when every mailbox has
   * been served, so that a caller that awaits it can't push faster than the store accepts messages.
   * @param data any JSON value of at most `msgMaxBytes` bytes
   * @throws SessionError `MESSAGE_TOO_LARGE`
   */
  async pushToApp(data: unknown, options: PushOptions = {}): Promise<PushReport> {
    const { broadcaster, context } = runtimeOf(this);
    const message = serialiseMessage(data, messageKeyOf(options), context.msgMaxBytes);
    const report = await broadcaster.pushToApp(this.app, message);
    publishPush(this.app, 'app', undefined, message, report);
    return report;
  }

  /**
   * Returns the messages that the session's reader has not been given yet: at once, or as soon as there are some.
   * @param options `signal` cancels the poll: the promise rejects with the signal's reason, and no message is lost
   */
  poll(id: string, options: PollOptions & { readonly signal?: AbortSignal } = {}): Promise<Batch> {
    return pollForBatch((receiver) => this.pollInto(id, options, receiver), options?.signal);
  }

  /**
   * Polls for the bearer of a token. For transports that hold many polls: it costs less than a promise. The receiver
   * gets the batch or the error, at once or later. The method itself never throws.
   */
  pollAsBearer(token: string, options: PollOptions, receiver: PollReceiver): Cancellable {
    const bearer = bearerOf(token);
    return this.#poll(bearer?.id, { secretHash: bearer?.secretHash, generation: undefined }, options, receiver);
  }

  /**
   * Like `pollAsBearer`, for a caller that needs no token.
   * @param session a session that a token opened, such as the session of a guard: the poll is refused if the token was
   * rotated since. Or an id: then the caller vouches for the client
   */
  pollInto(session: Session | string, options: PollOptions, receiver: PollReceiver): Cancellable {
    const [id, generation] = session instanceof Session ? [session.id, session.generation] : [session, undefined];
    return this.#poll(id, { secretHash: undefined, generation }, options, receiver);
  }

  /** Opens a stream for the bearer of a token. The receiver gets batches as messages arrive. Never throws. */
  streamAsBearer(token: string, options: StreamOptions, receiver: StreamReceiver): Cancellable {
    const bearer = bearerOf(token);
    return this.#stream(bearer?.id, { secretHash: bearer?.secretHash, generation: undefined }, options, receiver);
  }

  /** Like `streamAsBearer`, for a caller that needs no token. @param session as for `pollInto` */
  streamInto(session: Session | string, options: StreamOptions, receiver: StreamReceiver): Cancellable {
    const [id, generation] = session instanceof Session ? [session.id, session.generation] : [session, undefined];
    return this.#stream(id, { secretHash: undefined, generation }, options, receiver);
  }

  /**
   * Records that the reader has everything up to the cursor. Has no effect when the cursor is not ahead of what the
   * reader has acknowledged, when the cursor can't be checked any more, or when the session is not live.
   */
  async acknowledge(id: string, reader: string, cursor: string): Promise<void> {
    const { store } = runtimeOf(this);
    await store.acknowledge(this.app, requireSessionId(id), requireReader(reader), parseCursor(cursor, 'cursor'));
  }

  /**
   * Like `acknowledge`, for the bearer of a token. Does not renew the session.
   * @throws SessionError `SESSION_UNKNOWN` for a malformed, unknown or wrong token
   */
  async acknowledgeAsBearer(token: string, reader: string, cursor: string): Promise<void> {
    const { store } = runtimeOf(this);
    const place = parseCursor(cursor, 'cursor');
    const name = requireReader(reader);
    const { id, secretHash } = requireBearer(token);
    await store.acknowledgeAsBearer(this.app, id, secretHash, name, place);
  }

  #poll(id: string | undefined, credential: PollCredential, options: PollOptions, receiver: PollReceiver): Cancellable {
    return this.#wait(id, credential, options, receiver, requirePollRequest);
  }

  #stream(
    id: string | undefined,
    credential: PollCredential,
    options: StreamOptions,
    receiver: StreamReceiver,
  ): Cancellable {
    return this.#wait(id, credential, options, receiver, requireStreamRequest);
  }

  /** @param requireRequest validates the options. Not a new function for each call: every poll passes through here */
  #wait<Options extends { readonly after?: string }>(
    id: string | undefined,
    credential: PollCredential,
    options: Options,
    receiver: PollReceiver,
    requireRequest: (options: Options, context: SessionContext) => PollRequest,
  ): Cancellable {
    const runtime = runtimeOf(this);
    const { room, context, events } = runtime;
    try {
      runtime.requireRunning();
      const request = requireRequest(options, context);
      // An id with the hash of a secret comes from a parsed token, and needs no other check.
      const sessionId = id !== undefined && credential.secretHash !== undefined ? id : requireSessionId(id);
      const poll = room.poll(this.app, sessionId, credential, request, receiver);
      if (poll !== undefined) return poll;
    } catch (error) {
      callReceiver(() => receiver.fail(error));
      return over;
    }
    events.measures.turnedAway += 1;
    callReceiver(() => receiver.deliver(unreadBatch(options.after, context), undefined));
    return over;
  }
}

/** Calls the receiver of a poll that is not held. As for a held poll, reports its exception without calling `fail`. */
function callReceiver(call: () => void): void {
  guarded('The receiver of a poll threw', call)();
}
