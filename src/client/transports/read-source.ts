import { deadlineOf, type Exchange, patience, unlessAborted } from '../transport.js';
import { pollOnce } from './poll.js';

/** What calls back for as long as it is open: a WebSocket, or an EventSource. */
export interface OpenSource {
  onclose?: (() => void) | null;
  onerror: (() => void) | null;
  close(): void;
}

/**
 * Reads a source until it ends. A browser does not say why it could not open one: a poll does.
 * @param silence milliseconds without any call of `heard` after which the connection counts as dead
 * @param open is to call `heard` for each sign of the server, with what reads it
 */
export async function readSource(
  exchange: Exchange,
  silence: number,
  open: (heard: (read: () => void) => void) => OpenSource,
): Promise<void> {
  const { signal, expect, end } = deadlineOf(exchange);
  let source: OpenSource | undefined;
  let isThrough = false;
  expect(patience);
  try {
    await unlessAborted<void>(signal, (resolve, reject) => {
      source = open((read) => {
        isThrough = true;
        expect(silence);
        try {
          read();
          // The last sign, which says what is to follow.
          if (exchange.hasPause()) resolve();
        } catch (error) {
          reject(error);
        }
      });
      source.onerror = source.onclose = () => reject(new Error('The stream has ended'));
    });
  } catch (error) {
    // It sends nothing where the exchange was to end.
    if (!isThrough) await pollOnce(exchange, 0);
    throw error;
  } finally {
    end();
    source?.close();
  }
}
