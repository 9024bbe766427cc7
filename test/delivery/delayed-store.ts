import { MemoryStore, type ReadRequest, type ReadResult, SessionError } from '../../src/index.js';

/** A read that was carried out, but not answered yet. */
export interface ReadUnderWay {
  readonly request: ReadRequest;
  answer(): void;
  /** Rejects the read, although it was carried out. */
  lose(): void;
}

/** A memory store that carries out reads immediately. The test decides when they are answered. */
export class DelayedStore extends MemoryStore {
  /** Whether the answers to further reads are delayed. */
  delays = false;
  /** Whether further reads fail without being carried out. */
  isAway = false;
  readonly underWay: ReadUnderWay[] = [];
  /** The released readers, in order. */
  readonly released: string[] = [];

  override async read(app: string, id: string, request: ReadRequest): Promise<ReadResult> {
    if (this.isAway) throw new SessionError('STORE_UNAVAILABLE', 'The store is away', {});
    if (!this.delays) return super.read(app, id, request);
    const result = super.read(app, id, request);
    return new Promise((resolve, reject) => {
      // Prevents an unhandled rejection before the answer is given, which handles it.
      result.catch(() => {});
      this.underWay.push({
        request,
        answer: () => resolve(result),
        lose: () => reject(new SessionError('STORE_UNAVAILABLE', 'The answer was lost', {})),
      });
    });
  }

  override async release(app: string, id: string, reader: string): Promise<void> {
    this.released.push(reader);
    return super.release(app, id, reader);
  }

  /** Answers one of the unanswered reads, numbered in the order of the calls. */
  answer(index = 0): void {
    const [read] = this.underWay.splice(index, 1);
    if (read === undefined) throw new Error(`no read ${index} is under way`);
    read.answer();
  }
}
