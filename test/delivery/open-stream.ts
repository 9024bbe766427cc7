import { settle } from '../../src/conformance/manual-clock.js';
import type { Batch, Cancellable, IssuedSession, SessionManager, StreamOptions } from '../../src/index.js';
import type { Service } from '../support/service.js';

/** A stream with a token, as a front opens it. */
export class OpenStream {
  readonly batches: Batch[] = [];
  readonly errors: unknown[] = [];
  readonly acknowledges: (() => void)[] = [];
  beats = 0;
  /** Called with each batch, before `deliver` returns. */
  onBatch: (batch: Batch) => void = () => {};
  readonly #stream: Cancellable;

  constructor(manager: SessionManager, token: string, options: StreamOptions = {}) {
    this.#stream = manager.streamAsBearer(token, options, {
      deliver: (batch, acknowledge) => {
        this.batches.push(batch);
        if (acknowledge !== undefined) this.acknowledges.push(acknowledge);
        this.onBatch(batch);
      },
      fail: (error) => this.errors.push(error),
      beat: () => {
        this.beats += 1;
      },
    });
  }

  hangUp(): void {
    this.#stream.cancel();
  }

  get data(): readonly unknown[] {
    return this.batches.flatMap(({ messages }) => messages.map((message) => message.data));
  }

  get last(): Batch {
    const batch = this.batches.at(-1);
    if (batch === undefined) throw new Error('the stream has no batch yet');
    return batch;
  }
}

export async function openStream(
  service: Service,
  session: IssuedSession,
  options?: StreamOptions,
): Promise<OpenStream> {
  const stream = new OpenStream(service.manager, session.token, options);
  await settle();
  return stream;
}
