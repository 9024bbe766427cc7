import type { Batch } from '../delivery/batch.js';
import type { PollReceiver } from '../delivery/poll-request.js';
import type { StreamReceiver } from '../delivery/stream-request.js';
import type { Tokens } from '../requests/credentials.js';
import type { RequestHead } from '../requests/request-head.js';
import type { RefusedRequest } from '../service/refused-bearer.js';
import type { SessionManager } from '../service/session-manager.js';

type Reporter = Pick<SessionManager, 'reportRefused'>;

/**
 * Returns the details of a request that are reported if its bearer is refused. They are read before the request is
 * held, so that the held request does not keep its head in memory.
 */
export function refusedRequest(tokens: Tokens, request: RequestHead): RefusedRequest {
  const [token, ...others] = tokens;
  return { token: others.length === 0 ? token : undefined, ip: request.ip(), userAgent: request.header('user-agent') };
}

/** Wraps a receiver, so that it also reports a refusal of the bearer of its poll or stream. */
export function reporting(receiver: PollReceiver, app: Reporter, shown: RefusedRequest): StreamReceiver {
  // If the receiver has `onceClosed`, `maxPoll` counts a large answer until it was written out.
  return receiver.onceClosed === undefined
    ? new ReportingReceiver(receiver, app, shown)
    : new ReportingResponse(receiver, app, shown);
}

class ReportingReceiver implements StreamReceiver {
  protected readonly receiver: PollReceiver;
  readonly #app: Reporter;
  #shown: RefusedRequest | undefined;

  constructor(receiver: PollReceiver, app: Reporter, shown: RefusedRequest) {
    this.receiver = receiver;
    this.#app = app;
    this.#shown = shown;
  }

  deliver(batch: Batch, acknowledge: (() => void) | undefined): void {
    // The bearer was accepted. An error that ends the stream later is no refusal.
    this.#shown = undefined;
    this.receiver.deliver(batch, acknowledge);
  }

  fail(error: unknown): void {
    if (this.#shown !== undefined) this.#app.reportRefused(error, this.#shown);
    this.receiver.fail(error);
  }

  beat(): void {
    this.receiver.beat?.();
  }
}

class ReportingResponse extends ReportingReceiver {
  onceClosed(listener: () => void): void {
    this.receiver.onceClosed?.(listener);
  }
}
