import { isPlainText } from '../validation/argument-rules.js';
import type { ConsoleGuard } from './console-options.js';

/** A person who uses the console. */
export interface Operator {
  /** The name that the guard returned. */
  readonly name: string;
  /** Address of the operator; empty where the front does not know it. */
  readonly ip: string;
}

/**
 * Calls the guard.
 * @returns the operator's name, or `undefined` if the guard refuses
 * @throws TypeError if the guard returns anything else, such as `true`, which names no operator for the audit
 */
export async function operatorOf<Incoming extends object>(
  guard: ConsoleGuard<Incoming>,
  request: Incoming,
): Promise<string | undefined> {
  const name: unknown = await guard(request);
  if (name === undefined || name === null || name === false) return undefined;
  if (isPlainText(name, 256) && name !== '') return name;
  throw new TypeError('The guard of the console must return the operator’s name, 1 to 256 characters, or undefined');
}
