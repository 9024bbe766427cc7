import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { reportFault } from '../errors/fault-report.js';
import { SessionError } from '../errors/session-error.js';
import { type Problem, problemOf } from '../requests/problem.js';

/** Milliseconds for which a client may read its refusal before the connection is destroyed. */
const readingTimeMs = 2_000;

/** Answers an upgrade over HTTP with the error, before any handshake. */
export function refuse(socket: Duplex, error: unknown): void {
  if (SessionError.is(error)) {
    answer(socket, problemOf(error));
    return;
  }
  // Details of an internal fault go to the operator only, never to the client.
  reportFault('An upgrade failed', error);
  answer(socket, plainProblem(500, 'The server failed'));
}

/** Answers an upgrade of a path that no listener serves. */
export function refuseUnknownPath(socket: Duplex): void {
  answer(socket, plainProblem(404, 'No WebSocket is served at this path'));
}

function plainProblem(status: number, detail: string): Problem {
  const headers = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify({ title: STATUS_CODES[status], status, detail }) };
}

function answer(socket: Duplex, { status, headers, body }: Problem): void {
  if (socket.destroyed) return;
  // The client may disconnect now, and an error without a listener would end the process.
  socket.on('error', () => socket.destroy());
  const fields = Object.entries({
    ...headers,
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields.join('')}\r\n${body}`);
  // Discard data of the client. If the connection were destroyed with unread data, it would be reset and the answer
  // lost.
  socket.resume();
  const cut = setTimeout(() => socket.destroy(), readingTimeMs).unref();
  socket.once('close', () => clearTimeout(cut));
}
