import { invalidArgument } from '../errors/session-error.js';

/** Whether the value may be a server. An application of Express is a function, and emits no event of its server. */
export function isEmitter(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'prependListener' in value &&
    typeof value.prependListener === 'function'
  );
}

/** @throws SessionError `INVALID_ARGUMENT` for a value that is no server, such as an application of a framework */
export function requireServer(server: unknown): void {
  if (!isEmitter(server)) {
    throw invalidArgument('server', 'must be a server of node:http, node:https or node:http2', typeof server);
  }
}
