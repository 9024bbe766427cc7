import { STATUS_CODES } from 'node:http';
import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Container } from 'inversify';
import { fastLane } from '../src/fast-lane/index.js';
import { HostPolicy, isLoopbackHost, limitUnanswered, SessionHttpOptions } from '../src/http/index.js';
import { SessionError, SessionManager } from '../src/index.js';
import type { Configuration } from './configuration.js';

/** Maximum size of a body in bytes: twice the default msgMaxBytes, to leave room for the envelope and for escapes. */
const bodyLimit = 131_072;

/**
 * Serves the controllers of the container with Fastify. Fastify's own errors are answered as problem documents, too.
 * @param server `keepAliveTimeout`: milliseconds after which an idle connection is closed. The server announces it to clients
 */
export async function buildHttpServer(
  container: Container,
  { host, hosts, keepAliveTimeout, requestTimeout, maxUnanswered }: Configuration['server'],
): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit,
    keepAliveTimeout,
    requestTimeout,
    http: {
      // The interval at which Node looks for overdue requests.
      connectionsCheckingInterval: Math.ceil(requestTimeout / 4),
      // Node applies the larger of the two time-outs to whole requests. The default of this one is a minute.
      headersTimeout: requestTimeout,
    },
    // While the server closes, it still answers requests on open connections, and `/healthz` reports that it is stopping.
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => sendProblem(reply, error.statusCode ?? 400, error.message),
  });
  limitUnanswered(app.server, maxUnanswered);
  const hostPolicy = isLoopbackHost(host) || hosts.length > 0 ? new HostPolicy({ hosts }) : undefined;
  if (hostPolicy !== undefined) refuseOtherHosts(app, hostPolicy);
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
  if (process.env.FAST_LANE !== '0') await openLane(app, container, hostPolicy);
  return app;
}

/** Opens the fast lane, which answers plain polls before Fastify and Node's own parser see them. */
async function openLane(app: FastifyInstance, container: Container, hostPolicy: HostPolicy | undefined): Promise<void> {
  const { secure, trustedOrigins } = container.get(SessionHttpOptions);
  const options = { secure, trustedOrigins, ...(hostPolicy && { hostPolicy }) };
  fastLane(app.server, await container.getAsync(SessionManager), options);
}

/** Protects against DNS rebinding: refuses the page of another site whose name was made to point to this machine. */
function refuseOtherHosts(app: FastifyInstance, policy: HostPolicy): void {
  app.addHook('onRequest', async (request, reply) => {
    try {
      policy.require(request.raw);
    } catch (error) {
      if (!SessionError.is(error, 'CROSS_SITE')) throw error;
      return sendProblem(reply, 403, error.message);
    }
  });
}

const codes: Readonly<Record<number, string>> = { 403: 'CROSS_SITE', 413: 'MESSAGE_TOO_LARGE' };

function sendProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  const code = codes[status] ?? 'INVALID_ARGUMENT';
  const body = { title: STATUS_CODES[status], status, detail, ...(status < 500 && { code }) };
  return reply.code(status).type('application/problem+json').send(JSON.stringify(body));
}
