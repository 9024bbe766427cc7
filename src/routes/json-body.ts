import { invalidArgument, SessionError } from '../errors/session-error.js';

/** More than any cursor with the JSON around it. */
const defaultMostBytes = 1_024;

interface WithText {
  text(): Promise<string>;
}

/**
 * The JSON of a request's body, of whichever framework; middleware may have parsed it before, as `express.json()` does.
 * @param mostBytes of a body that was not parsed before. Default 1024
 * @throws SessionError `INVALID_ARGUMENT`
 */
export async function jsonBodyOf(request: object, mostBytes: number = defaultMostBytes): Promise<unknown> {
  const raw = rawOf(request);
  if (raw instanceof Request) {
    // Hono keeps a body that middleware has read.
    if (raw.bodyUsed && hasText(request)) return parse(await request.text());
    return parse(raw.body === null ? '' : await textOf(raw.body, mostBytes));
  }
  if ('body' in request && request.body !== undefined) return request.body;
  if (isIterable(request)) return parse(await textOf(request, mostBytes));
  throw new TypeError('The request must come from node:http, Express, Fastify or Hono, or be a Request');
}

async function textOf(pieces: AsyncIterable<Uint8Array>, mostBytes: number): Promise<string> {
  const read: Uint8Array[] = [];
  let bytes = 0;
  // Outside of `try`: that the application has locked the body is no fault of the client.
  const iterator = pieces[Symbol.asyncIterator]();
  try {
    for await (const piece of { [Symbol.asyncIterator]: () => iterator }) {
      bytes += piece.length;
      if (bytes > mostBytes) throw invalidArgument('body', `must have at most ${mostBytes} bytes`, bytes);
      read.push(piece);
    }
  } catch (error) {
    // A body that breaks off is one whose client has left, and no fault of the server.
    throw SessionError.is(error) ? error : invalidArgument('body', 'must arrive whole', bytes);
  }
  return Buffer.concat(read).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not quoted: what a client sends by mistake may hold its token.
    throw invalidArgument('body', 'must be JSON', undefined);
  }
}

/** Hono wraps the request of the Fetch standard. */
function rawOf(request: object): object {
  return 'raw' in request && request.raw instanceof Request ? request.raw : request;
}

function hasText(request: object): request is WithText {
  return 'text' in request && typeof request.text === 'function';
}

function isIterable(request: object): request is AsyncIterable<Uint8Array> {
  return Symbol.asyncIterator in request;
}
