import { request } from 'node:http';
import type { Batch, IssuedSession, SessionManager } from '../../src/index.js';
import type { WireBatch } from './http-kit.js';
import { serve, type Transport, type TransportStream, takenOf } from './stream-transports.js';

type Ask = (
  session: IssuedSession,
  query: { readonly reader: string; readonly after: string; readonly wait: number },
  signal: AbortSignal,
) => Promise<Batch | WireBatch>;

/** Maximum time for which a poll may be held. */
const longest = 100_000_000;

/** Returns a client that polls continuously, and so receives the same as a stream. Each poll acknowledges the last. */
function pollingOn(ask: Ask): Transport['open'] {
  return async (session, reader, start) => {
    const batches: (Batch | WireBatch)[] = [];
    const abort = new AbortController();
    let after = start;
    const run = async () => {
      // The first poll is not held. Like a stream, it immediately returns the current place.
      for (let wait = 0; !abort.signal.aborted; wait = longest) {
        const batch = await ask(session, { reader, after, wait }, abort.signal);
        if (batch.superseded || batch.closed !== undefined || batch.retry !== undefined) return;
        batches.push(batch);
        after = batch.cursor;
      }
    };
    const ended = run().catch((error) => {
      if (!abort.signal.aborted) throw error;
    });
    const stream: TransportStream = {
      taken: () => takenOf(batches),
      acknowledged: () => after,
      acknowledge: async () => {},
      close: () => abort.abort(),
    };
    // An error of the poll makes the test fail as an unhandled rejection.
    void ended;
    return stream;
  };
}

export const pollTransports: Readonly<Record<string, (manager: SessionManager) => Promise<Transport>>> = {
  poll: async (manager) => ({
    open: pollingOn(({ id }, query, signal) => manager.poll(id, { ...query, signal })),
    end: async () => {},
  }),
  'GET /poll': async (manager) => {
    const { port, end } = await serve(manager);
    const ask: Ask = ({ token }, { reader, after, wait }, signal) => {
      const query = new URLSearchParams({ reader, after, wait: String(wait) });
      return get(`http://127.0.0.1:${port}/poll?${query}`, { authorization: `Bearer ${token}` }, signal);
    };
    return { open: pollingOn(ask), end };
  },
};

function get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<WireBatch> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers, signal, agent: false }, async (incoming) => {
      try {
        let text = '';
        for await (const piece of incoming.setEncoding('utf8')) text += piece;
        if (incoming.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`The poll failed: ${incoming.statusCode} ${text}`));
      } catch (error) {
        reject(error);
      }
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
