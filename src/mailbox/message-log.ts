import type { MailboxBounds, MessagesBeyond } from './mailbox-results.js';
import type { Message } from './message.js';

/**
 * The retained messages of a mailbox, in order of their offsets, with their total size and age. Subclasses store the
 * messages. Has no clock: the caller passes `now`, in milliseconds since the Unix epoch.
 */
export abstract class MessageLog {
  abstract readonly epoch: string;
  protected lastOffset = 0;
  /** When the message at the tail was accepted, retained or not. */
  protected lastProof = 0;
  protected bytes = 0;
  /** Whether an older message was ever appended after a younger one, as `SessionStore.replace` does. */
  protected agesMixed = false;

  /** The number of messages retained. */
  protected abstract get count(): number;
  protected abstract get oldest(): Message | undefined;
  /** The `agesFrom` of the message retained with the highest offset; 0 if there is none. */
  protected abstract get newestTime(): number;
  /** The retained message with this key. */
  protected abstract withKey(key: string): Message | undefined;
  protected abstract beyond(offset: number, limit: number): MessagesBeyond;
  /** The messages retained whose `agesFrom` is not after `time`. */
  protected abstract pushedUntil(time: number): readonly Message[];
  protected abstract addNewest(message: Message): void;
  protected abstract remove(message: Message): void;
  protected abstract removeOldest(oldest: Message): void;

  /** Deletes all messages and everything known about them. The readers stay known. */
  abstract clear(): void;

  /** The offset of the newest message ever accepted; 0 if there was none. */
  get tail(): number {
    return this.lastOffset;
  }

  /** When the message at the tail was accepted; 0 if there was none. */
  get tailProof(): number {
    return this.lastProof;
  }

  /** Returns the number of retained messages that are not past `messageTtl` (0 for no limit). Changes nothing. */
  countFresh(now: number, messageTtl: number): number {
    const { oldest } = this;
    if (messageTtl === 0 || oldest === undefined) return this.count;
    if (!this.agesMixed && oldest.agesFrom + messageTtl > now) return this.count;
    return this.count - this.pushedUntil(now - messageTtl).length;
  }

  /** The messages retained, oldest first. The next operation may change this array. */
  get messages(): readonly Message[] {
    return this.beyond(0, this.count).messages;
  }

  /** Drops messages older than `messageTtl`. */
  dropAged(now: number, bounds: MailboxBounds): void {
    if (bounds.messageTtl === 0) return;
    const latest = now - bounds.messageTtl;
    for (let { oldest } = this; oldest !== undefined && oldest.agesFrom <= latest; { oldest } = this) this.dropOldest();
    if (!this.agesMixed) return;
    for (const message of this.pushedUntil(latest)) this.drop(message);
  }

  protected retain(message: Message): void {
    if (message.agesFrom < this.newestTime) this.agesMixed = true;
    this.bytes += message.bytes;
    this.addNewest(message);
  }

  protected drop(message: Message): void {
    this.bytes -= message.bytes;
    this.remove(message);
  }

  protected dropOldest(): void {
    const { oldest } = this;
    if (oldest === undefined) return;
    this.bytes -= oldest.bytes;
    this.removeOldest(oldest);
  }
}
