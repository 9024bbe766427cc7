import * as v from 'valibot';
import {
  type CheckedOptions,
  checkOptions,
  invalidOption,
  type OptionsInput,
  oneOf,
  trueOrFalse,
  wholeNumber,
} from '../validation/options.js';

/** The longest delay that a Node timer takes, in milliseconds: about 24.8 days. */
const longestTimer = 2_147_483_647;
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
  messageTtl: v.optional(wholeNumber(0, century), 0),
  onOverflow: v.optional(oneOf(['drop-oldest', 'drop-newest', 'reject', 'close']), 'drop-oldest'),
  pollTime: v.optional(wholeNumber(0, longestTimer), 25_000),
  pollRenews: v.optional(trueOrFalse(), true),
  maxReader: v.optional(wholeNumber(1, 1_000), 8),
  maxWaiter: v.optional(wholeNumber(0, 100_000_000), 100_000),
  tombstoneTime: v.optional(wholeNumber(0, century), 60_000),
  drainTime: v.optional(wholeNumber(0, longestTimer), 5_000),
};

const front = 'SessionContext';

/** What a context may be made of: any of its fields; the rest take their defaults. */
export type SessionContextOptions = OptionsInput<typeof known>;
type Values = CheckedOptions<typeof known>;

function validate(options: unknown): Values {
  const values = checkOptions({ front, known }, options);
  if (values.mailboxMaxBytes < values.msgMaxBytes) {
    const rule = `must be at least msgMaxBytes (${values.msgMaxBytes}), or the largest message would never fit`;
    throw invalidOption(front, 'mailboxMaxBytes', rule, values.mailboxMaxBytes);
  }
  return values;
}

/**
 * The configuration of the service: plain data, frozen, validated once, here. All times are in milliseconds.
 *
 * @throws SessionError `INVALID_CONTEXT`, naming field, rule and value
 */
export class SessionContext {
  /** Idle time after which a session expires. Default 15 minutes. */
  readonly gcTime: number;
  /** Pause between two GC sweeps. Default 1 second. */
  readonly gcInterval: number;
  /** Absolute lifetime from creation, whatever the activity; 0 for none. Default 30 days. */
  readonly maxAge: number;
  /** How often presence is judged. Default 2 seconds. */
  readonly hbTime: number;
  /** Silence after which a session turns `away`. Default 10 seconds. */
  readonly hbGrace: number;
  /** Live sessions an account may hold; 0 for no limit. Default 5. */
  readonly maxSession: number;
  /** What happens when an account is at its limit. Default `reject`. */
  readonly onMaxSession: Values['onMaxSession'];
  /** Messages a mailbox keeps. Default 50. */
  readonly msgMaxLength: number;
  /** Bytes of one message's JSON in UTF-8. Default 64 KiB. */
  readonly msgMaxBytes: number;
  /** Bytes a mailbox keeps, counted as `msgMaxBytes` counts. Default 1 MiB. */
  readonly mailboxMaxBytes: number;
  /** Age after which an undelivered message is dropped; 0 for none. Default 0. */
  readonly messageTtl: number;
  /** What happens when a mailbox is full. Default `drop-oldest`. */
  readonly onOverflow: Values['onOverflow'];
  /** How long a poll is held at most. Default 25 seconds, below the idle limits of common proxies. */
  readonly pollTime: number;
  /** Whether polling counts as activity for `gcTime`. Default true. */
  readonly pollRenews: boolean;
  /** Readers of one mailbox; one more drops the reader silent longest. Default 8. */
  readonly maxReader: number;
  /** Polls held by this node; past it polls are answered at once, with `retry`. Default 100 000. */
  readonly maxWaiter: number;
  /** How long the close reason of a session is remembered. Default 1 minute. */
  readonly tombstoneTime: number;
  /** How long a stopping node may take to answer its held polls. Default 5 seconds. */
  readonly drainTime: number;

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
    this.messageTtl = values.messageTtl;
    this.onOverflow = values.onOverflow;
    this.pollTime = values.pollTime;
    this.pollRenews = values.pollRenews;
    this.maxReader = values.maxReader;
    this.maxWaiter = values.maxWaiter;
    this.tombstoneTime = values.tombstoneTime;
    this.drainTime = values.drainTime;
    Object.freeze(this);
  }

  /** Silence after which a reader no longer holds messages back. */
  get readerGrace(): number {
    return 2 * this.pollTime + this.hbGrace;
  }
}
