const lineEnd = Buffer.from('\r\n');

/** Parses requests from the bytes of one connection as they arrive. Clients send only arrays of bulk strings. */
export class RespRequests {
  #rest: Buffer = Buffer.alloc(0);

  /** Returns the requests that are complete now. */
  take(bytes: Buffer): readonly (readonly Buffer[])[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const requests: (readonly Buffer[])[] = [];
    for (;;) {
      const found = readRequest(this.#rest);
      if (found === undefined) return requests;
      requests.push(found.parts);
      this.#rest = this.#rest.subarray(found.end);
    }
  }
}

function readRequest(bytes: Buffer): { readonly parts: readonly Buffer[]; readonly end: number } | undefined {
  const head = readNumber(bytes, 0, '*');
  if (head === undefined) return undefined;
  const parts: Buffer[] = [];
  let at = head.end;
  for (let index = 0; index < head.number; index += 1) {
    const length = readNumber(bytes, at, '$');
    if (length === undefined) return undefined;
    const end = length.end + length.number;
    if (bytes.length < end + lineEnd.length) return undefined;
    parts.push(bytes.subarray(length.end, end));
    at = end + lineEnd.length;
  }
  return { parts, end: at };
}

function readNumber(
  bytes: Buffer,
  at: number,
  mark: string,
): { readonly number: number; readonly end: number } | undefined {
  const end = bytes.indexOf(lineEnd, at);
  if (end === -1) return undefined;
  const line = bytes.toString('latin1', at, end);
  if (!line.startsWith(mark)) throw new Error(`Not a request: ${line}`);
  return { number: Number(line.slice(1)), end: end + lineEnd.length };
}
