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
import { requireOptions } from '../validation/argument-rules.js';
import { AppService, runtimeOf } from './app-service.js';
import { type Bearer, bearerOf, requireBearer } from './bearer.js';
import { pollForBatch } from './polling.js';
import { type PushOptions, pushMessage } from './push-message.js';
import { type PushReport, publishPush, reportOutcomes } from './push-report.js';
import { Session } from './session.js';

/**
 * `pollAsBearer` by a token that was hashed before. The store still compares the hash with that of the session's secret, so a
 * token that was replaced since is refused. For this package alone: a method would be public.
 */
export let pollByHash: (
  service: AppMailboxes,
  bearer: Bearer,
  options: PollOptions,
  receiver: PollReceiver,
) => Cancellable;

/** In the place of a poll that has its answer already. */
const over: Cancellable = { cancel() {} };

/** What `SessionManager` offers of the mailboxes of its app: pushing, polling and streaming. */
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
    const message = serialiseMessage(data, requireOptions(options).key, this.context.msgMaxBytes);
    return pushMessage(runtimeOf(this), this.app, id, message);
  }

  /**
   * Puts a message into the mailbox of each of the account's live sessions. A full mailbox is counted, not an error.
   * @param data any JSON value of at most `msgMaxBytes` bytes
   * @throws SessionError `MESSAGE_TOO_LARGE`
   */
  async pushToAccount(accountId: string, data: unknown, options: PushOptions = {}): Promise<PushReport> {
    const { store, context, events } = runtimeOf(this);
    const message = serialiseMessage(data, requireOptions(options).key, context.msgMaxBytes);
    const outcomes = await store.appendToAccount(this.app, requireAccountId(accountId), message);
    const report = reportOutcomes(events, message, outcomes);
    publishPush(this.app, 'account', accountId, message, report);
    return report;
  }

  /**
   * Puts a message into every mailbox of the app. A full mailbox is counted, not an error. Resolves when every mailbox has
   * been served, so a caller that awaits it can't push faster than the store takes it.
   * @param data any JSON value of at most `msgMaxBytes` bytes
   * @throws SessionError `MESSAGE_TOO_LARGE`
   */
  async pushToApp(data: unknown, options: PushOptions = {}): Promise<PushReport> {
    const { broadcaster, context } = runtimeOf(this);
    const message = serialiseMessage(data, requireOptions(options).key, context.msgMaxBytes);
    const report = await broadcaster.pushToApp(this.app, message);
    publishPush(this.app, 'app', undefined, message, report);
    return report;
  }

  /**
   * The messages that the session's reader has not been given yet: at once, or as soon as there are some.
   * @param options `signal` cancels the poll: the promise rejects with the signal's reason, and no message is lost
   */
  poll(id: string, options: PollOptions & { readonly signal?: AbortSignal } = {}): Promise<Batch> {
    return pollForBatch((receiver) => this.pollInto(id, options, receiver), options?.signal);
  }

  /**
   * A poll by the bearer of a token, for transports that hold many: it costs less than a promise. The receiver gets the
   * batch or the error, at once or later; the method itself never throws.
   */
  pollAsBearer(token: string, options: PollOptions, receiver: PollReceiver): Cancellable {
    const bearer = bearerOf(token);
    return this.#poll(bearer?.id, { secretHash: bearer?.secretHash, generation: undefined }, options, receiver);
  }

  /**
   * `pollAsBearer` for a caller that needs no token.
   * @param session the session that a token opened, such as that of a guard: a poll of one whose token was rotated since
   * is refused. With an id the caller vouches for the client
   */
  pollInto(session: Session | string, options: PollOptions, receiver: PollReceiver): Cancellable {
    const [id, generation] = session instanceof Session ? [session.id, session.generation] : [session, undefined];
    return this.#poll(id, { secretHash: undefined, generation }, options, receiver);
  }

  /**
   * Opens a stream by the bearer of a token: the receiver gets batches as messages come. The method itself never throws.
   */
  streamAsBearer(token: string, options: StreamOptions, receiver: StreamReceiver): Cancellable {
    const bearer = bearerOf(token);
    return this.#stream(bearer?.id, { secretHash: bearer?.secretHash, generation: undefined }, options, receiver);
  }

  /** `streamAsBearer` for a caller that needs no token. @param session as for `pollInto` */
  streamInto(session: Session | string, options: StreamOptions, receiver: StreamReceiver): Cancellable {
    const [id, generation] = session instanceof Session ? [session.id, session.generation] : [session, undefined];
    return this.#stream(id, { secretHash: undefined, generation }, options, receiver);
  }

  /**
   * The reader has everything up to the cursor. No effect when that is not ahead of what it has acknowledged, when the
   * cursor can't be checked any more, or when the session is not live.
   */
  async acknowledge(id: string, reader: string, cursor: string): Promise<void> {
    const { store } = runtimeOf(this);
    await store.acknowledge(this.app, requireSessionId(id), requireReader(reader), parseCursor(cursor, 'cursor'));
  }

  /**
   * `acknowledge` by the bearer of a token. Does not renew the session.
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

  /** @param requireRequest validates the options. Not a function made for each call: every poll comes by here */
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
      const request = requireRequest(requireOptions(options), context);
      // One that comes with the hash of a secret is that of a token, which was parsed.
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

/** As of one that was held: an exception of a receiver is reported, and it is called once. */
function callReceiver(call: () => void): void {
  guarded('The receiver of a poll threw', call)();
}
