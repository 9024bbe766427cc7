import type { Batch } from '../delivery/batch.js';
import type { PollReceiver } from '../delivery/poll-request.js';
import type { StreamReceiver } from '../delivery/stream-request.js';
import type { Tokens } from '../requests/credentials.js';
import type { RequestHead } from '../requests/request-head.js';
import type { RefusedRequest } from '../service/refused-bearer.js';
import type { SessionManager } from '../service/session-manager.js';

type Reporter = Pick<SessionManager, 'reportRefused'>;

/** What is told of the request if its bearer is refused; read at once, so that a held request does not keep its head. */
export function refusedRequest(tokens: Tokens, request: RequestHead): RefusedRequest {
  const [token, ...others] = tokens;
  return { token: others.length === 0 ? token : undefined, ip: request.ip(), userAgent: request.header('user-agent') };
}

/** The receiver, which also reports when the bearer of its poll or stream is refused. */
export function reporting(receiver: PollReceiver, app: Reporter, shown: RefusedRequest): StreamReceiver {
  // `maxPoll` counts large answers until they were written out, wherever the receiver can tell when that was.
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
    // The bearer was accepted: what ends a stream later is no refusal.
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
