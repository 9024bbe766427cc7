import { SessionError } from '../errors/session-error.js';

/** Deep enough for the frames between an activation and the container's method, however long the chain of injections. */
const framesToSearch = 200;
/** The method of Inversify 8 that every way of resolving goes through, also `context.get` within a factory. */
const resolvingFrame = /ServiceResolutionManager\.(get|getAll|getAsync|getAllAsync)\b/;

/**
 * To be called within an activation that returns a promise. Inversify answers `container.get` for such a service with
 * "Unexpected asynchronous service", after it has started the service, and tells neither the activation nor the caller
 * what to do. The stack tells which method resolves: a bundler that renames the method only brings back that error.
 * @throws SessionError `STOPPED` when the service is resolved synchronously
 */
export function requireAsyncResolution(): void {
  const method = resolvingFrame.exec(currentStack())?.[1];
  if (method !== 'get' && method !== 'getAll') return;
  const text =
    'The session service is not started: starting takes a promise. Resolve SessionManager, and what depends on it, with ' +
    `\`await container.getAsync(…)\` in the place of \`container.${method}(…)\``;
  throw new SessionError('STOPPED', text, {});
}

/** Innermost frame first. */
function currentStack(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = framesToSearch;
  try {
    return String(new Error().stack);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
