import { hash } from 'node:crypto';
import { invalidArgument } from '../../errors/session-error.js';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
export const mostBuckets = digits.length ** 2;

/**
 * What tells the keys of one bucket apart; the scripts are assembled with these names. The first five are followed by
 * the app and the id of a session, `index` by an app, `alias` by a hash; the others are whole names.
 */
export const keyNames = {
  session: 's:',
  attributes: 'as:',
  messages: 'ms:',
  /** Offsets of the messages that have keys. */
  keyedMessages: 'ks:',
  /** Which session takes this one over; for some seconds during a handover. */
  claim: 'cs:',
  index: 'i:',
  alias: 't:',
  due: 'due',
  online: 'online',
  nodes: 'nodes',
  reports: 'reports',
  /** Written last in each batch that waits for replicas. */
  mark: 'mark',
  /** Never exists: `ping` tries to write nothing into it. */
  ping: 'ping',
} as const;

/** Where an account's sessions are. */
export interface AccountPlace {
  readonly bucket: string;
  /**
   * The first 48 bits of its SHA-256, as a number: the account's score in the index, which does not reveal its name. Two
   * accounts may have the same score, so readers of the index compare names as well.
   */
  readonly accountScore: number;
}

/**
 * The names of all keys and channels. App and account decide the bucket, which is the hash tag of all that belongs to the
 * account; its two characters begin the ids of the account's sessions.
 */
export class Keys {
  readonly prefix: string;
  /** All buckets, in order. */
  readonly buckets: readonly string[];
  readonly #bases = new Map<string, string>();
  #latest: { readonly name: string; readonly place: AccountPlace } | undefined;

  constructor(prefix: string, buckets: number) {
    this.prefix = prefix;
    this.buckets = Array.from({ length: buckets }, (_each, index) => bucketName(index));
    for (const bucket of this.buckets) this.#bases.set(bucket, `${prefix}{${bucket}}:`);
  }

  placeOf(app: string, accountId: string): AccountPlace {
    const name = `${app}\n${accountId}`;
    // A login asks twice: to make the id, and to insert the session.
    if (this.#latest?.name === name) return this.#latest.place;
    const digest = hash('sha256', name, 'buffer');
    const bucket = this.buckets[digest.readUInt32BE(6) % this.buckets.length] ?? '';
    const place = { bucket, accountScore: digest.readUIntBE(0, 6) };
    this.#latest = { name, place };
    return place;
  }

  /** `undefined` for an id that no session can have. */
  bucketOf(id: string): string | undefined {
    const bucket = id.slice(0, 2);
    return this.#bases.has(bucket) ? bucket : undefined;
  }

  /** The keys of these sessions, by bucket. */
  sessionsByBucket(app: string, ids: readonly string[]): ReadonlyMap<string, readonly string[]> {
    const keysByBucket = new Map<string, string[]>();
    for (const id of ids) {
      const bucket = this.bucketOf(id);
      if (bucket === undefined) continue;
      const keys = keysByBucket.get(bucket);
      const key = this.session(bucket, app, id);
      if (keys === undefined) keysByBucket.set(bucket, [key]);
      else keys.push(key);
    }
    return keysByBucket;
  }

  session(bucket: string, app: string, id: string): string {
    return `${this.#base(bucket)}${keyNames.session}${app}:${id}`;
  }

  attributes(bucket: string, app: string, id: string): string {
    return `${this.#base(bucket)}${keyNames.attributes}${app}:${id}`;
  }

  messages(bucket: string, app: string, id: string): string {
    return `${this.#base(bucket)}${keyNames.messages}${app}:${id}`;
  }

  keyedMessages(bucket: string, app: string, id: string): string {
    return `${this.#base(bucket)}${keyNames.keyedMessages}${app}:${id}`;
  }

  claim(bucket: string, app: string, id: string): string {
    return `${this.#base(bucket)}${keyNames.claim}${app}:${id}`;
  }

  /** The app's sessions by account, those of one account by creation: `<microseconds><id>`. */
  index(bucket: string, app: string): string {
    return `${this.#base(bucket)}${keyNames.index}${app}`;
  }

  /** Sessions by deadline. */
  due(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.due}`;
  }

  /** Sessions not reported away, by when they may fall silent. */
  online(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.online}`;
  }

  /** Which session a token of another system opens. The key does not reveal the token. */
  alias(app: string, token: string): { readonly bucket: string; readonly key: string } {
    const digest = hash('sha256', `${app}\n${token}`, 'buffer');
    const bucket = this.buckets[digest.readUInt32BE(0) % this.buckets.length] ?? '';
    return { bucket, key: `${this.#base(bucket)}${keyNames.alias}${digest.toString('base64url')}` };
  }

  /** The nodes that use this bucket. */
  nodes(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.nodes}`;
  }

  /** Expiries that a node has taken and not yet acknowledged. */
  reports(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.reports}`;
  }

  mark(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.mark}`;
  }

  ping(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.ping}`;
  }

  /** Where a node receives notices of its parked readers: one channel, or on a Cluster one for each bucket. */
  channels(node: string, isCluster: boolean): readonly string[] {
    if (!isCluster) return [`${this.prefix}@${node}`];
    return this.buckets.map((bucket) => `${this.#base(bucket)}@${node}`);
  }

  /** Where all nodes receive changes of sessions: the channels of a node with a name that no node has. */
  changeChannels(isCluster: boolean): readonly string[] {
    return this.channels('changes', isCluster);
  }

  #base(bucket: string): string {
    return this.#bases.get(bucket) ?? `${this.prefix}{${bucket}}:`;
  }
}

function bucketName(index: number): string {
  return `${digits[Math.floor(index / digits.length)]}${digits[index % digits.length]}`;
}

export const keyPrefixRule = {
  // Another brace would move the hash tag.
  pattern: /^[\x21-\x7a|~]{0,64}$/,
  rule: 'must be at most 64 visible ASCII characters without braces',
} as const;

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireKeyPrefix(keyPrefix: string): string {
  if (keyPrefixRule.pattern.test(keyPrefix)) return keyPrefix;
  throw invalidArgument('keyPrefix', keyPrefixRule.rule, keyPrefix);
}
