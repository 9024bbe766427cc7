import { hash } from 'node:crypto';
import { invalidArgument } from '../../errors/session-error.js';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
export const mostBuckets = digits.length ** 2;

/** Where an account's sessions are. */
export interface AccountPlace {
  readonly bucket: string;
  /**
   * The first 48 bits of its SHA-256, as a number: where the account stands in the index, telling nobody its name. Two
   * accounts may share it, so whoever looks there compares names as well.
   */
  readonly accountScore: number;
}

/**
 * The names of all keys. An account's app and name decide its bucket, which names the hash tag of all that belongs to it;
 * the bucket's two characters begin the ids of its sessions.
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
    // A login asks twice: for the id to be made, and for the place to put it.
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
    return `${this.#base(bucket)}s:${app}:${id}`;
  }

  attributes(bucket: string, app: string, id: string): string {
    return `${this.#base(bucket)}as:${app}:${id}`;
  }

  /** The app's sessions, by account, and there by creation: `<microseconds><id>`. */
  index(bucket: string, app: string): string {
    return `${this.#base(bucket)}i:${app}`;
  }

  /** Sessions by deadline. */
  due(bucket: string): string {
    return `${this.#base(bucket)}due`;
  }

  /** Sessions reported online, by when they may fall silent. */
  online(bucket: string): string {
    return `${this.#base(bucket)}online`;
  }

  /** Where it stands which session a token of another system opens. Its name tells nothing of the token. */
  alias(app: string, token: string): { readonly bucket: string; readonly key: string } {
    const digest = hash('sha256', `${app}\n${token}`, 'buffer');
    const bucket = this.buckets[digest.readUInt32BE(0) % this.buckets.length] ?? '';
    return { bucket, key: `${this.#base(bucket)}t:${digest.toString('base64url')}` };
  }

  nodes(bucket: string): string {
    return `${this.#base(bucket)}nodes`;
  }

  /** Where a node is told of its parked readers: one channel, or on a Cluster one for each bucket. */
  channels(node: string, isCluster: boolean): readonly string[] {
    if (!isCluster) return [`${this.prefix}@${node}`];
    return this.buckets.map((bucket) => `${this.#base(bucket)}@${node}`);
  }

  /** Where all nodes are told of changes to sessions: like the channels of a node that no node is called. */
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

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireKeyPrefix(keyPrefix: string): string {
  // Another brace would move the hash tag.
  if (/^[\x21-\x7a|~]{0,64}$/.test(keyPrefix)) return keyPrefix;
  throw invalidArgument('keyPrefix', 'must be at most 64 visible ASCII characters without braces', keyPrefix);
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireBuckets(buckets: number): number {
  if (Number.isInteger(buckets) && buckets >= 1 && buckets <= mostBuckets) return buckets;
  throw invalidArgument('buckets', `must be a whole number from 1 to ${mostBuckets}`, buckets);
}
