import { STATUS_CODES } from 'node:http';
import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Container } from 'inversify';

/** Bytes: twice the default msgMaxBytes, for the envelope and for escapes. */
const bodyLimit = 131_072;

/**
 * Serves the controllers of the container with Fastify. Fastify's own errors are answered as problem documents as well.
 * @param keepAliveTimeout milliseconds after which an idle connection is closed; clients are told
 */
export async function buildHttpServer(container: Container, keepAliveTimeout: number): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit,
    keepAliveTimeout,
    // While the server closes, requests on open connections are answered as ever, and `/healthz` says that it stops.
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => sendProblem(reply, error.statusCode ?? 400, error.message),
  });
  // All bodies are JSON. Without its parser, Fastify refuses text with 415.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) console.error(error);
    return sendProblem(reply, status, status >= 500 ? 'An unexpected error occurred' : error.message);
  });
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, 404, 'There is no such route'));
  const adapter = new InversifyFastifyHttpAdapter(container, { logger: false }, app);
  await adapter.build();
  return app;
}

function sendProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  const code = status === 413 ? 'MESSAGE_TOO_LARGE' : 'INVALID_ARGUMENT';
  const body = { title: STATUS_CODES[status], status, detail, ...(status < 500 && { code }) };
  return reply.code(status).type('application/problem+json').send(JSON.stringify(body));
}
