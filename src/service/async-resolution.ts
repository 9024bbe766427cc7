import { SessionError } from '../errors/session-error.js';

/** Number of stack frames to search: enough for a long chain of injections between activation and container method. */
const framesToSearch = 200;
/** The method of Inversify 8 through which all resolutions pass, including `context.get` within a factory. */
const resolvingFrame = /ServiceResolutionManager\.(get|getAll|getAsync|getAllAsync)\b/;

/**
 * Call this within an activation that returns a promise. For such a service, `container.get` of Inversify throws
 * "Unexpected asynchronous service" after it has started the service. It does not inform the activation, and does not
 * tell the caller what to do. Therefore this function finds the resolving method in the stack. If a bundler renames the
 * method, callers only get the error of Inversify again.
 * @throws SessionError `STOPPED` when the service is resolved synchronously
 */
export function requireAsyncResolution(): void {
  const method = resolvingFrame.exec(currentStack())?.[1];
  if (method !== 'get' && method !== 'getAll') return;
  const text =
    'The session service is not started: starting takes a promise. Resolve SessionManager, and what depends on it, with ' +
    `\`await container.getAsync(…)\` instead of \`container.${method}(…)\``;
  throw new SessionError('STOPPED', text, {});
}

/** Returns the stack with the innermost frame first. */
function currentStack(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = framesToSearch;
  try {
    return String(new Error().stack);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
