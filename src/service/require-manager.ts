import { invalidArgument, type SessionError } from '../errors/session-error.js';

/** Marks the managers of every copy of the package that the process has loaded. */
export const managerBrand = Symbol.for('session-mailbox.SessionManager');

export function isManager(value: unknown): boolean {
  return typeof value === 'object' && value !== null && managerBrand in value;
}

/**
 * Call this where a front that uses only public methods is made. Otherwise its first request would fail. The manager
 * may be one of another copy of the package, as bundlers of frameworks make them.
 * @throws SessionError `INVALID_ARGUMENT` unless given a `SessionManager`
 */
export function requireManager<Manager extends object>(value: Manager): Manager {
  if (isManager(value)) return value;
  throw notAManager(value);
}

export function notAManager(value: unknown): SessionError {
  if (value instanceof Promise) return invalidArgument('manager', 'must be a SessionManager: await it', 'a promise');
  return invalidArgument('manager', 'must be a SessionManager', value);
}
