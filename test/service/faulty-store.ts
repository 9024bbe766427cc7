import {
  type ClosedSession,
  MemoryStore,
  type PresenceCounts,
  SessionError,
  type SessionReference,
  type Slice,
} from '../../src/index.js';

/** Behaviour of the store for background work. */
export type Fault = 'none' | 'away' | 'broken';

/** A memory store whose background work fails or hangs on request. */
export class FaultyStore extends MemoryStore {
  fault: Fault = 'none';
  /** Number of slices requested. */
  calls = 0;
  /** If set, each slice waits for this promise. */
  hold: Promise<void> | undefined;

  /** The error with which counting the sessions rejects, or `undefined` if it works. */
  countFault: Error | undefined;

  override async countSessions(app: string): Promise<number> {
    if (this.countFault !== undefined) throw this.countFault;
    return super.countSessions(app);
  }

  override async countPresence(): Promise<PresenceCounts> {
    if (this.countFault !== undefined) throw this.countFault;
    return super.countPresence();
  }

  override async sweep(limit: number): Promise<Slice<ClosedSession>> {
    await this.#meet();
    return super.sweep(limit);
  }

  override async judgePresence(limit: number): Promise<Slice<SessionReference>> {
    await this.#meet();
    return super.judgePresence(limit);
  }

  async #meet(): Promise<void> {
    this.calls += 1;
    await this.hold;
    if (this.fault === 'away') throw new SessionError('STORE_UNAVAILABLE', 'The store is away', {});
    if (this.fault === 'broken') throw new Error('The store is broken');
  }
}
