import { MemoryStore, type ReadRequest, type ReadResult, SessionError } from '../../src/index.js';

/** A read that was carried out, and whose answer is still on its way. */
export interface ReadUnderWay {
  readonly request: ReadRequest;
  answer(): void;
  /** The answer is lost, though the read was carried out. */
  lose(): void;
}

/** A memory store that behaves as one far away: reads happen at once, but the test says when their answers arrive. */
export class DelayedStore extends MemoryStore {
  /** Whether answers to further reads are delayed. */
  delays = false;
  /** Whether further reads fail, without having been carried out. */
  isAway = false;
  readonly underWay: ReadUnderWay[] = [];
  /** Readers released, in order. */
  readonly released: string[] = [];

  override async read(app: string, id: string, request: ReadRequest): Promise<ReadResult> {
    if (this.isAway) throw new SessionError('STORE_UNAVAILABLE', 'The store is away', {});
    if (!this.delays) return super.read(app, id, request);
    const result = super.read(app, id, request);
    return new Promise((resolve, reject) => {
      // Handled when the answer is given; until then a refusal must not count as unhandled.
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

  /** Lets the answer arrive of the read that was asked `index`th among those under way. */
  answer(index = 0): void {
    const [read] = this.underWay.splice(index, 1);
    if (read === undefined) throw new Error(`no read ${index} is under way`);
    read.answer();
  }
}
