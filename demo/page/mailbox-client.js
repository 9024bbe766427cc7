// Reads one mailbox through the long poll. It shows what a client must do to receive every message: store the cursor,
// hold one poll at a time, and follow what each answer says. It does not use the page.

const POLL_WAIT = 25_000;
const POLL_LIMIT = 50;
const TIMEOUT = 15_000;
const FIRST_RETRY = 500;
const LAST_RETRY = 30_000;
const COME_BACK = 4_000;

/** An answer with an error status, described by RFC 9457 problem details. */
class Problem extends Error {
  constructor(status, { title = 'The server refused.', detail = title, closed }, retryAfter) {
    super(detail);
    this.status = status;
    this.closed = closed;
    this.retryAfter = retryAfter * 1000 || 0;
  }

  /** Whether the session has ended, so that trying again is useless. */
  get over() {
    return this.status === 401 && !this.closed?.reconnect;
  }
}

export async function ask(method, path, { body, headers, signal, timeout = TIMEOUT } = {}) {
  const response = await fetch(path, {
    method,
    headers: body ? { 'content-type': 'application/json', ...headers } : {},
    body: body && JSON.stringify(body),
    // A connection that broke without notice would otherwise be waited for without end.
    signal: AbortSignal.any([AbortSignal.timeout(timeout), ...(signal ? [signal] : [])]),
    cache: 'no-store',
  }).catch((cause) => {
    throw new Error('The server can’t be reached.', { cause });
  });
  if (response.status === 204) return undefined;
  if (response.ok) return response.json();
  throw new Problem(response.status, await response.json().catch(() => ({})), response.headers.get('retry-after'));
}

/**
 * One reader of one mailbox at a time. The handlers:
 * - `take(batch)`: show and store the messages. Awaited: the cursor advances only after it.
 * - `status(state, { cause, delay })`: `connecting`, `live`, `paused`, `trouble`, or the final state `superseded`.
 * - `over(closed)`: the session has ended, with the reason if the server still knows it.
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

  /** Starts, or starts again, after `cursor`. No other client of this mailbox may use the same reader name. */
  listen(reader, cursor) {
    this.stop();
    this.#reader = reader;
    this.#cursor = cursor;
    this.#listening = new AbortController();
    this.#tell('connecting');
    this.#pollOn(this.#listening.signal);
  }

  /** Ends the poll. No message is lost: the next poll continues after the last cursor. */
  stop() {
    this.#state = 'stopped';
    this.#listening.abort();
  }

  /** Polls again at once, after a hint that the network changed. Does not shorten a pause that the server asked for. */
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
        await this.#follow(batch, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error.over) return this.#end(error.closed);
        // The server refused the cursor, and would refuse it again: start from the oldest message.
        if (error.status === 400) this.#cursor = '';
        await this.#waitOut(error, failures++, signal);
      }
    }
  }

  #poll(signal) {
    // Until an answer has shown that the server is there, don't wait: a held poll can't be told from a broken connection.
    const wait = this.connected ? POLL_WAIT : 0;
    const query = new URLSearchParams({ after: this.#cursor, wait, limit: POLL_LIMIT, reader: this.#reader });
    return ask('GET', `/poll?${query}`, { signal, timeout: wait + TIMEOUT });
  }

  async #follow({ closed, superseded, retry }, signal) {
    if (closed && !closed.reconnect) {
      this.#end(closed);
    } else if (superseded) {
      // Another client polls under this name. To poll again would end its poll, it would end this one, and so on.
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

// A random part, so that clients that lost the server at the same time don't return at the same time.
function jitter(ms) {
  return ms * (0.5 + Math.random() / 2);
}

export function pause(ms, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
    signal?.addEventListener('abort', resolve, { once: true });
  });
}
