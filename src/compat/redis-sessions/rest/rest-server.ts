import { STATUS_CODES } from 'node:http';
import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Container } from 'inversify';
import { reportFault } from '../../../errors/fault-report.js';
import { invalidArgument, SessionError } from '../../../errors/session-error.js';
import { HostPolicy } from '../../../requests/host-policy.js';
import { limitUnanswered } from '../../../requests/unanswered-requests.js';
import { RestMetrics } from './rest-metrics.js';
import { RestOptions } from './rest-options.js';

/** Maximum bytes of a body, as in rest-sessions. */
const bodyLimit = 60_000;
/**
 * Maximum length of a path parameter. An id has up to 256 UTF-16 code units, each percent-encoded as up to three bytes of
 * three characters.
 */
const maxParamLength = 256 * 9;

/** Serves the controllers of `restModule` on Fastify. Fastify's own errors get the format of rest-sessions. */
export async function buildRestServer(container: Container): Promise<FastifyInstance> {
  // Not `instanceof`, which would fail for a container of another copy of Inversify.
  if (typeof container?.getAsync !== 'function') {
    throw invalidArgument('container', 'must be a Container that has loaded restModule', typeof container);
  }
  const options = container.get(RestOptions);
  const { requestTimeout } = options;
  const app = fastify({
    bodyLimit,
    requestTimeout,
    http: {
      // Interval in milliseconds at which Node looks for overdue requests.
      connectionsCheckingInterval: Math.ceil(requestTimeout / 4),
      // Node applies the larger of the two time-outs to a whole request, and `headersTimeout` is one minute by default.
      headersTimeout: requestTimeout,
    },
    // As in rest-sessions. The parameters of a path keep their case.
    routerOptions: { maxParamLength, caseSensitive: false, ignoreTrailingSlash: true },
    frameworkErrors: (error, _request, reply) => sendFault(reply, error),
  });
  limitUnanswered(app.server, options.maxUnanswered);
  refuseOtherHosts(app, options);
  readJsonOnly(app);
  app.setErrorHandler<FastifyError>((error, _request, reply) => sendFault(reply, error));
  app.setNotFoundHandler((_request, reply) => send(reply, 404, 'notFound', 'There is no such route'));
  const metrics = await container.getAsync(RestMetrics);
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    metrics.observeRequest(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
  });
  await new InversifyFastifyHttpAdapter(container, { logger: false }, app).build();
  return app;
}

/**
 * Refuses requests with another `Host` before the body is read. Applies to every route, because a page behind a rebound
 * DNS name could read `/metrics`, too.
 */
function refuseOtherHosts(app: FastifyInstance, { hosts }: RestOptions): void {
  if (hosts === undefined) return;
  const policy = new HostPolicy({ hosts });
  app.addHook('onRequest', async (request, reply) => {
    try {
      policy.require(request.raw);
    } catch (error) {
      if (!SessionError.is(error, 'CROSS_SITE')) throw error;
      return send(reply, 403, error.code, error.message);
    }
  });
}

/**
 * Refuses other content types than JSON: a page of another site can make a browser post text to this machine, but not
 * JSON. An empty body of any type counts as no body, because many clients send a content type without a body.
 */
function readJsonOnly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    (request: FastifyRequest, body: string, done) => {
      if (body.trim() === '') done(null, undefined);
      else parse(request, body, done);
    },
  );
  app.addContentTypeParser<string>('*', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') done(null, undefined);
    else done(new fastify.errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE());
  });
}

const names: Readonly<Record<number, string>> = { 400: 'badRequest', 413: 'bodyTooLarge', 415: 'unsupportedMediaType' };

function sendFault(reply: FastifyReply, error: FastifyError): FastifyReply {
  const status = error.statusCode ?? 500;
  if (status < 500) return send(reply, status, names[status] ?? 'badRequest', error.message);
  reportFault('A request failed', error);
  return send(reply, status, 'Error', STATUS_CODES[status] ?? 'An unexpected error occurred');
}

function send(reply: FastifyReply, status: number, name: string, message: string): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store').send({ name, message });
}
