import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders as Http2Headers } from 'node:http2';
import type { Readable } from 'node:stream';
import type { Front } from './fronts.js';

export interface ClientRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer whose head has arrived. */
export interface StartedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders | Http2Headers;
  readonly body: Readable;
}

/** A request whose answer is pending. */
export interface OpenRequest {
  readonly answer: Promise<StartedAnswer>;
  /** Closes the connection, or resets the HTTP/2 stream. */
  cancel(): void;
}

/** Sends requests to a front, over its protocol. */
export interface FrontClient {
  send(path: string, request?: ClientRequest): OpenRequest;
  close(): Promise<void>;
}

export function clientOf({ protocol }: Front, url: string): FrontClient {
  return protocol === 'HTTP/2' ? http2Client(url) : http1Client(url);
}

function http1Client(url: string): FrontClient {
  const agent = new Agent({ keepAlive: false });
  return {
    send: (path, { method = 'GET', headers = {}, body } = {}) => {
      const outgoing = httpRequest(`${url}${path}`, { method, headers, agent });
      const answer = new Promise<StartedAnswer>((resolve, reject) => {
        outgoing.on('response', (incoming) => {
          incoming.on('error', () => {});
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming });
        });
        outgoing.on('error', reject);
      });
      outgoing.end(body);
      return { answer, cancel: () => outgoing.destroy() };
    },
    close: async () => agent.destroy(),
  };
}

/** Returns a client that sends all requests over one connection. */
function http2Client(url: string): FrontClient {
  let session: ClientHttp2Session | undefined;
  return {
    send: (path, { method = 'GET', headers = {}, body } = {}) => {
      session ??= connect(url).on('error', () => {});
      const stream = session.request({ ':method': method, ':path': path, ...lowered(headers) });
      const answer = new Promise<StartedAnswer>((resolve, reject) => {
        stream.on('response', (head) => resolve({ status: Number(head[':status']), headers: head, body: stream }));
        stream.on('error', reject);
        stream.on('close', () => reject(new Error('The stream ended before its answer')));
      });
      stream.end(body);
      return { answer, cancel: () => stream.close() };
    },
    close: async () => {
      const ended = session;
      if (ended === undefined || ended.destroyed) return;
      const closed = new Promise((resolve) => ended.once('close', resolve));
      ended.destroy();
      await closed;
    },
  };
}

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
