// Listens to one mailbox over the long poll, and shows how to miss nothing without being told so: keep a cursor, hold one
// poll at a time, do what each answer asks for. It knows nothing of the page.

const POLL_WAIT = 25_000;
const POLL_LIMIT = 50;
const PATIENCE = 15_000;
const FIRST_RETRY = 500;
const LAST_RETRY = 30_000;
const COME_BACK = 4_000;

/** An answer that is not a success, told as RFC 9457 problem details. */
class Problem extends Error {
  constructor(status, { title = 'The server refused.', detail = title, closed }, retryAfter) {
    super(detail);
    this.status = status;
    this.closed = closed;
    this.retryAfter = retryAfter * 1000 || 0;
  }

  /** No session any more, and no use in trying again. */
  get over() {
    return this.status === 401 && !this.closed?.reconnect;
  }
}

export async function ask(method, path, { body, headers, signal, patience = PATIENCE } = {}) {
  const response = await fetch(path, {
    method,
    headers: body ? { 'content-type': 'application/json', ...headers } : {},
    body: body && JSON.stringify(body),
    // Without a limit, a line that died silently would be waited on for ever.
    signal: AbortSignal.any([AbortSignal.timeout(patience), ...(signal ? [signal] : [])]),
    cache: 'no-store',
  }).catch((cause) => {
    throw new Error('The server can’t be reached.', { cause });
  });
  if (response.status === 204) return undefined;
  if (response.ok) return response.json();
  throw new Problem(response.status, await response.json().catch(() => ({})), response.headers.get('retry-after'));
}

/**
 * One reader of one mailbox at a time. The handlers are
 * - `take(batch)`: show and keep the messages. Awaited: the cursor moves on when it is done, never before.
 * - `status(state, { cause, delay })`: `connecting`, `live`, `paused` or `trouble` for a while, or `superseded` for good.
 * - `over(closed)`: the session is over, with the reason where the server still knows it.
 */
export class MailboxClient {
  #handlers;
  #reader = '';
  #cursor = '';
  #state = 'stopped';
  #listening = new AbortController();

  constructor(handlers) {
    this.#handlers = handlers;
  }

  get connected() {
    return this.#state === 'live';
  }

  /** Starts, or starts over, after `cursor`, under a name that no other listener of this mailbox may carry. */
  listen(reader, cursor) {
    this.stop();
    this.#reader = reader;
    this.#cursor = cursor;
    this.#listening = new AbortController();
    this.#tell('connecting');
    this.#pollOn(this.#listening.signal);
  }

  /** Hangs up. Nothing is lost: what was not taken comes again, after the last cursor. */
  stop() {
    this.#state = 'stopped';
    this.#listening.abort();
  }

  /** Asks anew at once, on a hint that the line may have come back or died. A pause that the server asked for is kept. */
  recheck() {
    if (this.#state === 'live' || this.#state === 'trouble') this.listen(this.#reader, this.#cursor);
  }

  async #pollOn(signal) {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const batch = await this.#poll(signal);
        failures = 0;
        await this.#handlers.take(batch);
        if (signal.aborted) return;
        this.#cursor = batch.cursor;
        await this.#obey(batch, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error.over) return this.#end(error.closed);
        // A cursor that the server can't read will not become readable.
        if (error.status === 400) this.#cursor = '';
        await this.#waitOut(error, failures++, signal);
      }
    }
  }

  #poll(signal) {
    // Not sure of the server, ask for an answer at once: a held poll looks just like a dead line.
    const wait = this.connected ? POLL_WAIT : 0;
    const query = new URLSearchParams({ after: this.#cursor, wait, limit: POLL_LIMIT, reader: this.#reader });
    return ask('GET', `/poll?${query}`, { signal, patience: wait + PATIENCE });
  }

  async #obey({ closed, superseded, retry }, signal) {
    if (closed && !closed.reconnect) {
      this.#end(closed);
    } else if (superseded) {
      // Polling on would take the mailbox back, the other would take it again, and so for ever.
      this.stop();
      this.#tell('superseded');
    } else if (closed || retry) {
      const delay = retry ?? jitter(COME_BACK);
      this.#tell('paused', { cause: closed, delay });
      await pause(delay, signal);
    } else {
      this.#tell('live');
    }
  }

  async #waitOut(cause, failures, signal) {
    const delay = (cause.retryAfter ?? 0) + jitter(Math.min(LAST_RETRY, FIRST_RETRY * 2 ** failures));
    this.#tell('trouble', { cause, delay });
    await pause(delay, signal);
  }

  #end(closed) {
    this.stop();
    this.#handlers.over(closed);
  }

  #tell(state, more = {}) {
    this.#state = state;
    this.#handlers.status(state, more);
  }
}

// Clients that lost the server together must not come back together.
function jitter(ms) {
  return ms * (0.5 + Math.random() / 2);
}

export function pause(ms, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
    signal?.addEventListener('abort', resolve, { once: true });
  });
}
