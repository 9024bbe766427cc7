import * as v from 'valibot';
import { longestTimer } from '../time/longest-timer.js';
import {
  type CheckedOptions,
  checkOptions,
  invalidOption,
  type OptionsInput,
  oneOf,
  trueOrFalse,
  wholeNumber,
} from '../validation/options.js';

const century = 3_155_760_000_000;
const mostBytes = 1_073_741_824;

const known = {
  gcTime: v.optional(wholeNumber(1, century), 900_000),
  gcInterval: v.optional(wholeNumber(1, longestTimer), 1_000),
  maxAge: v.optional(wholeNumber(0, century), 2_592_000_000),
  hbTime: v.optional(wholeNumber(1, longestTimer), 2_000),
  hbGrace: v.optional(wholeNumber(1, century), 10_000),
  maxSession: v.optional(wholeNumber(0, 1_000_000), 5),
  onMaxSession: v.optional(oneOf(['reject', 'evict-oldest', 'evict-idle']), 'reject'),
  msgMaxLength: v.optional(wholeNumber(1, 1_000_000), 50),
  msgMaxBytes: v.optional(wholeNumber(1, mostBytes), 65_536),
  mailboxMaxBytes: v.optional(wholeNumber(1, mostBytes), 1_048_576),
  attributesMaxBytes: v.optional(wholeNumber(1, mostBytes), 1_048_576),
  messageTtl: v.optional(wholeNumber(0, century), 0),
  onOverflow: v.optional(oneOf(['drop-oldest', 'drop-newest', 'reject', 'close']), 'drop-oldest'),
  pollTime: v.optional(wholeNumber(0, longestTimer), 25_000),
  pollRenews: v.optional(trueOrFalse(), true),
  maxReader: v.optional(wholeNumber(1, 1_000), 8),
  // Default: `maxReader`, but at least 16.
  maxPoll: v.optional(wholeNumber(1, 1_000_000)),
  maxSocket: v.optional(wholeNumber(1, 1_000_000), 64),
  maxWaiter: v.optional(wholeNumber(0, 100_000_000), 100_000),
  // Default: twice `mailboxMaxBytes`, because the content of a full mailbox is sent in one piece.
  streamMaxBytes: v.optional(wholeNumber(0, 2 * mostBytes)),
  tombstoneTime: v.optional(wholeNumber(0, century), 60_000),
  drainTime: v.optional(wholeNumber(0, longestTimer), 5_000),
};

const front = 'SessionContext';

/** Any fields of `SessionContext`; the others take their defaults. */
export type SessionContextOptions = OptionsInput<typeof known>;
type Values = Omit<CheckedOptions<typeof known>, 'maxPoll' | 'streamMaxBytes'> & {
  readonly maxPoll: number;
  readonly streamMaxBytes: number;
};

function validate(options: unknown): Values {
  const checked = checkOptions({ front, known }, options);
  const values = {
    ...checked,
    maxPoll: checked.maxPoll ?? Math.max(16, checked.maxReader),
    streamMaxBytes: checked.streamMaxBytes ?? 2 * checked.mailboxMaxBytes,
  };
  if (values.mailboxMaxBytes < values.msgMaxBytes) {
    const rule = `must be at least msgMaxBytes (${values.msgMaxBytes}), or the largest message would never fit`;
    throw invalidOption(front, 'mailboxMaxBytes', rule, values.mailboxMaxBytes);
  }
  if (values.maxPoll < values.maxReader) {
    const rule = `must be at least maxReader (${values.maxReader}), or not all readers could wait at a time`;
    throw invalidOption(front, 'maxPoll', rule, values.maxPoll);
  }
  return values;
}

/**
 * The configuration of the service: plain, frozen data, which the constructor validates. All times are in milliseconds.
 */
export class SessionContext {
  /** Idle time after which a session expires, in milliseconds, 1 or more. Default 900 000: 15 minutes. */
  readonly gcTime: number;
  /** Pause between the end of one sweep for expired sessions and the next, in milliseconds, 1 or more. Default 1 000. */
  readonly gcInterval: number;
  /**
   * Lifetime of a session from its creation, however active it is, in milliseconds; 0 for no limit.
   * Default 2 592 000 000: 30 days.
   */
  readonly maxAge: number;
  /** Heartbeat: pause between two checks of the presence of sessions, in milliseconds, 1 or more. Default 2 000. */
  readonly hbTime: number;
  /** Time without contact after which a session turns `away`, in milliseconds, 1 or more. Default 10 000. */
  readonly hbGrace: number;
  /** Maximum number of live sessions of an account; 0 for no limit. Default 5. */
  readonly maxSession: number;
  /**
   * Policy for an account at its limit that creates a session: the creation fails (`reject`, the default), or the store
   * closes the session that was created first (`evict-oldest`) or contacted longest ago (`evict-idle`) as `evicted`.
   */
  readonly onMaxSession: Values['onMaxSession'];
  /** Maximum number of messages in a mailbox, 1 or more. The size of one message is `msgMaxBytes`. Default 50. */
  readonly msgMaxLength: number;
  /** Maximum size of one message: bytes of its JSON in UTF-8, 1 or more. Default 65 536. */
  readonly msgMaxBytes: number;
  /** Maximum bytes of the messages in a mailbox, at least `msgMaxBytes`. Default 1 048 576. */
  readonly mailboxMaxBytes: number;
  /** Maximum bytes of a session's attributes: all keys and JSON texts in UTF-8, 1 or more. Default 1 048 576. */
  readonly attributesMaxBytes: number;
  /** Age after which an undelivered message is dropped, in milliseconds; 0 for no limit. Default 0. */
  readonly messageTtl: number;
  /**
   * Policy for a message that arrives at a full mailbox: the oldest message is dropped (`drop-oldest`, the default),
   * the new message is dropped (`drop-newest`), the push fails (`reject`), or the session is closed (`close`).
   */
  readonly onOverflow: Values['onOverflow'];
  /**
   * Maximum time for which a poll is held, and time after which a quiet stream is sent a heartbeat, in milliseconds.
   * Default 25 000, below the idle limits of common proxies.
   */
  readonly pollTime: number;
  /** Whether a poll counts as activity, so that a session that polls does not expire by `gcTime`. Default true. */
  readonly pollRenews: boolean;
  /** Maximum number of readers of one mailbox, 1 or more; a further reader evicts the longest silent one. Default 8. */
  readonly maxReader: number;
  /**
   * Maximum number of polls and streams of one session that this node serves at a time. It answers further ones at once
   * with `retry`, without a read. Default `maxReader`, at least 16.
   */
  readonly maxPoll: number;
  /** Maximum number of WebSockets and Socket.IO sockets of one session at this node; it refuses more. Default 64. */
  readonly maxSocket: number;
  /**
   * Maximum number of polls and streams that this node holds. It answers further ones at once with `retry`.
   * Default 100 000.
   */
  readonly maxWaiter: number;
  /** Unsent bytes at which a stream ends if there is more to send. No message is lost. Default 2 × mailboxMaxBytes. */
  readonly streamMaxBytes: number;
  /** Time for which the store remembers the close reason of a session, in milliseconds. Default 60 000. */
  readonly tombstoneTime: number;
  /** Time that a stopping node has to answer its held polls and end its connections, in milliseconds. Default 5 000. */
  readonly drainTime: number;

  /** @throws SessionError `INVALID_CONTEXT`, naming field, rule and value */
  constructor(options: SessionContextOptions = {}) {
    const values = validate(options);
    this.gcTime = values.gcTime;
    this.gcInterval = values.gcInterval;
    this.maxAge = values.maxAge;
    this.hbTime = values.hbTime;
    this.hbGrace = values.hbGrace;
    this.maxSession = values.maxSession;
    this.onMaxSession = values.onMaxSession;
    this.msgMaxLength = values.msgMaxLength;
    this.msgMaxBytes = values.msgMaxBytes;
    this.mailboxMaxBytes = values.mailboxMaxBytes;
    this.attributesMaxBytes = values.attributesMaxBytes;
    this.messageTtl = values.messageTtl;
    this.onOverflow = values.onOverflow;
    this.pollTime = values.pollTime;
    this.pollRenews = values.pollRenews;
    this.maxReader = values.maxReader;
    this.maxPoll = values.maxPoll;
    this.maxSocket = values.maxSocket;
    this.maxWaiter = values.maxWaiter;
    this.streamMaxBytes = values.streamMaxBytes;
    this.tombstoneTime = values.tombstoneTime;
    this.drainTime = values.drainTime;
    Object.freeze(this);
  }

  /** Time without a poll after which a reader no longer prevents the removal of messages, in milliseconds. */
  get readerGrace(): number {
    return 2 * this.pollTime + this.hbGrace;
  }
}
