import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { type Problem, problemOf } from '../requests/problem.js';

/** How long a client may take to read its refusal before the connection is cut, in milliseconds. */
const readingTime = 2_000;

/** Answers an upgrade with an error, as HTTP: no WebSocket has begun. */
export function refuse(socket: Duplex, error: unknown): void {
  if (SessionError.is(error)) {
    answer(socket, problemOf(error));
    return;
  }
  // What went wrong is for the operator; a stranger learns only that something did.
  reportFault('An upgrade failed', error);
  answer(socket, plainProblem(500, 'The server failed'));
}

/** Answers an upgrade that is meant for nobody here. */
export function refuseUnknownPath(socket: Duplex): void {
  answer(socket, plainProblem(404, 'No WebSocket is served at this path'));
}

function plainProblem(status: number, detail: string): Problem {
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify({ title: STATUS_CODES[status], status, detail }) };
}

function answer(socket: Duplex, { status, headers, body }: Problem): void {
  if (socket.destroyed) return;
  // A client that hangs up now has nothing to miss, and an error without a listener would end the process.
  socket.on('error', () => socket.destroy());
  const fields = Object.entries({
    ...headers,
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields.join('')}\r\n${body}`);
  // Cut at once, with something of the client's unread, the connection would be reset and the answer lost with it.
  socket.resume();
  const cut = setTimeout(() => socket.destroy(), readingTime).unref();
  socket.once('close', () => clearTimeout(cut));
}
