import { invalidArgument, SessionError } from '../errors/session-error.js';

/** More bytes than any cursor has with the JSON around it. */
const defaultMostBytes = 1_024;

interface WithText {
  text(): Promise<string>;
}

/**
 * Returns the JSON of a request's body, for any supported framework. Middleware such as `express.json()` may have
 * parsed it.
 * @param mostBytes maximum size of a body that was not parsed before. Default 1024
 * @throws SessionError `INVALID_ARGUMENT`
 */
export async function jsonBodyOf(request: object, mostBytes: number = defaultMostBytes): Promise<unknown> {
  const raw = rawOf(request);
  if (raw instanceof Request) {
    // Hono keeps a body that middleware has read.
    if (raw.bodyUsed && hasText(request)) return parse(await request.text());
    return parse(raw.body === null ? '' : await textOf(raw.body, mostBytes));
  }
  if ('body' in request && request.body !== undefined && !isPlaceholder(request, request.body)) return request.body;
  if (isIterable(request)) {
    const iterator = request[Symbol.asyncIterator]();
    // Without `return`, which would destroy a request that was not read to its end.
    const pieces = { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
    try {
      return parse(await textOf(pieces, mostBytes));
    } finally {
      void discard(iterator);
    }
  }
  throw new TypeError('The request must come from node:http, Express, Fastify or Hono, or be a Request');
}

async function textOf(pieces: AsyncIterable<Uint8Array>, mostBytes: number): Promise<string> {
  const read: Uint8Array[] = [];
  let bytes = 0;
  // Outside of `try`: if the application has locked the body, the error must not blame the client.
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    for await (const piece of { [Symbol.asyncIterator]: () => iterator }) {
      bytes += piece.length;
      if (bytes > mostBytes) throw invalidArgument('body', `must have at most ${mostBytes} bytes`, bytes);
      read.push(piece);
    }
  } catch (error) {
    // A body breaks off because the client has disconnected, which is no fault of the server.
    throw SessionError.is(error) ? error : invalidArgument('body', 'must arrive whole', bytes);
  }
  return Buffer.concat(read).toString('utf8');
}

/**
 * Reads the rest of a body that was refused. Otherwise Node would never read the next request of the connection, which
 * a proxy may send for another client.
 */
async function discard(pieces: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    while ((await pieces.next()).done !== true);
  } catch {
    // The client has disconnected.
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Do not quote the text: a client may have sent its token by mistake.
    throw invalidArgument('body', 'must be JSON', undefined);
  }
}

/** Unwraps a request of Hono, which wraps the request of the Fetch standard. */
function rawOf(request: object): object {
  return 'raw' in request && request.raw instanceof Request ? request.raw : request;
}

/**
 * Whether the body was not read. On Express 4 a parser sets `{}` for a request that it leaves alone, for example because
 * it parses only forms.
 */
function isPlaceholder(request: object, body: unknown): boolean {
  const isUnread = 'readableDidRead' in request && request.readableDidRead === false;
  return isUnread && typeof body === 'object' && body !== null && Object.keys(body).length === 0;
}

function hasText(request: object): request is WithText {
  return 'text' in request && typeof request.text === 'function';
}

function isIterable(request: object): request is AsyncIterable<Uint8Array> {
  return Symbol.asyncIterator in request;
}
