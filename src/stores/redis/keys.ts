import { hash } from 'node:crypto';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
export const mostBuckets = digits.length ** 2;

/**
 * The parts of the keys that distinguish the keys of one bucket; the scripts are assembled with these names. The app
 * and the id of a session follow the first five names, an app follows `index`, and a hash follows `alias`. Nothing
 * follows the others.
 */
export const keyNames = {
  session: 's:',
  attributes: 'as:',
  messages: 'ms:',
  /** The offsets of the messages with keys. */
  keyedMessages: 'ks:',
  /** The handover that has claimed this session. Exists for some seconds. */
  claim: 'cs:',
  index: 'i:',
  alias: 't:',
  due: 'due',
  online: 'online',
  nodes: 'nodes',
  reports: 'reports',
  /** The last write of each batch that waits for replicas. */
  mark: 'mark',
  /** Never exists: `ping` writes zero bytes to it. On a Cluster every command names it; see `keysOf`. */
  ping: 'ping',
} as const;

/** The place of an account's sessions. */
export interface AccountPlace {
  readonly bucket: string;
  /**
   * The first 48 bits of the SHA-256 of app and account, as a number: the account's score in the index, which does not
   * reveal the account's name. Two accounts may have the same score. Therefore code that reads the index also compares
   * the names.
   */
  readonly accountScore: number;
}

/**
 * The names of all keys and channels. App and account determine the bucket. It is the hash tag of all keys of the
 * account, and its two characters are the beginning of the ids of the account's sessions.
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
    // A login calls this twice: to make the id, and to insert the session.
    if (this.#latest?.name === name) return this.#latest.place;
    const digest = hash('sha256', name, 'buffer');
    const bucket = this.buckets[digest.readUInt32BE(6) % this.buckets.length] ?? '';
    const place = { bucket, accountScore: digest.readUIntBE(0, 6) };
    this.#latest = { name, place };
    return place;
  }

  /** Returns the bucket of a session; `undefined` for an id that no session can have. */
  bucketOf(id: string): string | undefined {
    const bucket = id.slice(0, 2);
    return this.#bases.has(bucket) ? bucket : undefined;
  }

  /** Returns the keys of these sessions, by bucket. */
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

  /** The index of the app's sessions, ordered by account, then by creation. Its entries are `<microseconds><id>`. */
  index(bucket: string, app: string): string {
    return `${this.#base(bucket)}${keyNames.index}${app}`;
  }

  /** The index of the sessions by deadline. */
  due(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.due}`;
  }

  /** The index of the sessions that are not reported away, by the time at which each may become silent. */
  online(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.online}`;
  }

  /** The key that stores which session a token of another system opens. The key does not reveal the token. */
  alias(app: string, token: string): { readonly bucket: string; readonly key: string } {
    const digest = hash('sha256', `${app}\n${token}`, 'buffer');
    const bucket = this.buckets[digest.readUInt32BE(0) % this.buckets.length] ?? '';
    return { bucket, key: `${this.#base(bucket)}${keyNames.alias}${digest.toString('base64url')}` };
  }

  /** The nodes that use this bucket. */
  nodes(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.nodes}`;
  }

  /** The reports of expired sessions that a node has taken but not yet acknowledged. */
  reports(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.reports}`;
  }

  mark(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.mark}`;
  }

  ping(bucket: string): string {
    return `${this.#base(bucket)}${keyNames.ping}`;
  }

  /** The channels on which a node receives notices for its parked readers: one, or on a Cluster one for each bucket. */
  channels(node: string, isCluster: boolean): readonly string[] {
    if (!isCluster) return [`${this.prefix}@${node}`];
    return this.buckets.map((bucket) => `${this.#base(bucket)}@${node}`);
  }

  /** The channels on which all nodes receive changes of sessions: those of the name `changes`, which no node has. */
  changeChannels(isCluster: boolean): readonly string[] {
    return this.channels('changes', isCluster);
  }

  #base(bucket: string): string {
    return this.#bases.get(bucket) ?? `${this.prefix}{${bucket}}:`;
  }
}

/**
 * Returns the keys that a command must name. On a Cluster these are one key more, which never exists: a server refuses
 * a command with several keys while it moves their slot and does not have them all (`TRYAGAIN`). Without this key it
 * would run the program while only some keys of the bucket have moved. The program would not find sessions that exist,
 * and would drop their index entries, or it would fail after some of its writes.
 */
export function keysOf(keys: readonly string[], isCluster: boolean): readonly string[] {
  const [first] = keys;
  if (!isCluster || first === undefined) return keys;
  const base = first.slice(0, first.indexOf('}') + 2);
  return [...keys, `${base}${keyNames.ping}`];
}

function bucketName(index: number): string {
  return `${digits[Math.floor(index / digits.length)]}${digits[index % digits.length]}`;
}

export const keyPrefixRule = {
  // A brace in the prefix would change the hash tag.
  pattern: /^[\x21-\x7a|~]{0,64}$/,
  rule: 'must be at most 64 visible ASCII characters without braces',
} as const;
