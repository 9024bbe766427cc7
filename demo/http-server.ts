import { STATUS_CODES } from 'node:http';
import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Container } from 'inversify';

/** Twice what a message may weigh by default, for its envelope and its escapes. */
const bodyLimit = 131_072;

/**
 * How long a connection may be idle; clients are told. Milliseconds. As short as Node has it, where Fastify has 72 s:
 * a process that retires waits so long for those that may be about to send something.
 */
const keepAliveTimeout = 5_000;

/** The controllers of the container, on Fastify, with Fastify's own errors as problem documents too. */
export async function buildHttpServer(container: Container): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit,
    keepAliveTimeout,
    // A body of another type is no JSON, whatever Fastify could make of it.
    frameworkErrors: (error, _request, reply) => sendProblem(reply, error.statusCode ?? 400, error.message),
  });
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
