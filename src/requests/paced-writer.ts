import { isEncoding, type RawResponse, unsentBytes, writeText } from './raw-response.js';

/**
 * Bytes that are written at once. Node counts the bytes of a write as unsent until the operating system has all of
 * them. It also joins writes that wait for each other to one. Without smaller pieces nothing would show that a slow
 * client reads a large text.
 */
export const pieceSize = 16_384;

interface Piece {
  readonly bytes: Uint8Array;
  readonly onWrittenOut: (() => void) | undefined;
}

/** Whether a text may be written in one piece, without a `PacedWriter`. */
export function fitsAtOnce(raw: RawResponse, text: string): boolean {
  // A middleware that encodes the body may pass no callback on, after which the next piece could be written.
  return isEncoding(raw) || (text.length < pieceSize && unsentBytes(raw) < pieceSize);
}

/** Writes the texts of a response that stays open, in pieces that the client of a slow connection can read in time. */
export class PacedWriter {
  readonly #raw: RawResponse;
  readonly #onFault: (error: unknown) => void;
  /** The pieces that are not written yet, in order. */
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  #ends = false;

  /**
   * @param raw over HTTP/1 or HTTP/2
   * @param onFault called with an exception of the response while it continues after `write` or `end` has returned
   */
  constructor(raw: RawResponse, onFault: (error: unknown) => void) {
    this.#raw = raw;
    this.#onFault = onFault;
  }

  /** Number of bytes that wait for the network, or for the client to read earlier bytes. */
  get unsent(): number {
    return unsentBytes(this.#raw) + this.#waitingBytes;
  }

  /** @param onWrittenOut as in `writeText`, for the end of the text */
  write(text: string, onWrittenOut: (() => void) | undefined): void {
    if (this.#waiting.length === 0 && fitsAtOnce(this.#raw, text)) {
      this.#write(text, onWrittenOut);
      return;
    }
    const bytes = Buffer.from(text);
    this.#waitingBytes += bytes.length;
    for (let start = 0; start < bytes.length; start += pieceSize) {
      const isLast = start + pieceSize >= bytes.length;
      const piece = bytes.subarray(start, start + pieceSize);
      this.#waiting.push({ bytes: piece, onWrittenOut: isLast ? onWrittenOut : undefined });
    }
    this.#continue();
  }

  /** Ends the response after everything that waits. */
  end(): void {
    this.#ends = true;
    this.#continue();
  }

  #continue(): void {
    while (unsentBytes(this.#raw) < pieceSize) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#waitingBytes -= next.bytes.length;
      this.#write(next.bytes, next.onWrittenOut);
    }
    if (this.#ends && this.#waiting.length === 0) this.#raw.end();
  }

  #write(data: string | Uint8Array, onWrittenOut: (() => void) | undefined): void {
    writeText(this.#raw, data, () => {
      onWrittenOut?.();
      if (this.#waiting.length === 0) return;
      try {
        this.#continue();
      } catch (error) {
        this.#onFault(error);
      }
    });
  }
}
