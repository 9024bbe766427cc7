import { type Exchange, inTime, patience } from '../transport.js';
import { pollOnce } from './poll.js';

/** A source that calls back while it is open: a WebSocket, or an EventSource. */
export interface OpenSource {
  onclose?: (() => void) | null;
  onerror: (() => void) | null;
  close(): void;
}

/**
 * Reads a source until it ends. A browser does not report why it could not open a source. In that case this function
 * polls once, because the answer to a poll shows the reason.
 * @param silence milliseconds without any call of `heard` after which the connection counts as dead
 * @param open opens the source; must call `heard` for each event from the server, with a function that reads the event
 */
export async function readSource(
  exchange: Exchange,
  silence: number,
  open: (heard: (read: () => void) => void) => OpenSource,
): Promise<void> {
  let source: OpenSource | undefined;
  let isThrough = false;
  try {
    await inTime(
      exchange,
      patience,
      (_, expect) =>
        new Promise<void>((resolve, reject) => {
          source = open((read) => {
            isThrough = true;
            expect(silence);
            try {
              read();
              // The last event, which asks the client to pause.
              if (exchange.hasPause()) resolve();
            } catch (error) {
              reject(error);
            }
          });
          source.onerror = source.onclose = () => reject(new Error('The stream has ended'));
        }),
    );
  } catch (error) {
    // If the exchange must end, its signal is aborted, and this poll sends nothing.
    if (!isThrough) await pollOnce(exchange, 0);
    throw error;
  } finally {
    source?.close();
  }
}
