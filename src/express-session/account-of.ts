import { invalidArgument } from '../errors/session-error.js';
import { isDataKey } from './attribute-names.js';

/** The data of `req.session`, as a copy. */
export interface SessionDataCopy {
  readonly [key: string]: unknown;
}

/** Rules by which the store finds in `req.session` who is logged in. */
export interface AccountRules {
  /** The key that holds the account id. Ignored if `accountOf` is set. */
  readonly accountKey: string;
  readonly accountOf: ((data: SessionDataCopy) => unknown) | undefined;
}

/**
 * Returns the account that the data name; `undefined` for none. Converts an account id that is a number, as in many
 * databases, to its decimal digits.
 * @param data JSON text by key
 * @throws SessionError `INVALID_ARGUMENT` for a value that is no account id
 */
export function accountIn(data: ReadonlyMap<string, string>, rules: AccountRules): string | undefined {
  const { accountKey, accountOf } = rules;
  const value = accountOf === undefined ? parsed(data.get(accountKey)) : calledOn(dataObject({ data }), accountOf);
  if (isNoAccount(value)) return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw invalidArgument(
    accountOf === undefined ? accountKey : 'the result of accountOf',
    'must be a string or a number; null, false or an empty string for no account',
    value,
  );
}

/**
 * Whether a request of a sid that is bound to this account may receive the data. `accountOf` must not find another
 * account in them: the application would treat the request as a login of that account, but no limit and no logout
 * would apply to it. Data can name another account if they were stored before `accountOf` was set, or by other code.
 */
export function fitsBinding(
  data: ReadonlyMap<string, string>,
  accountId: string | undefined,
  rules: AccountRules,
): boolean {
  if (rules.accountOf === undefined) return true;
  const named = accountIn(data, rules);
  return named === undefined || named === accountId;
}

export function isNoAccount(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === '';
}

export function isAccount(value: unknown, accountId: string): boolean {
  return (typeof value === 'string' || typeof value === 'number') && String(value) === accountId;
}

/** Returns the data as a new object. */
export function dataObject({ data }: { readonly data: ReadonlyMap<string, string> }): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, text] of data) if (isDataKey(key)) object[key] = JSON.parse(text);
  return object;
}

function parsed(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}

function calledOn(data: SessionDataCopy, accountOf: (data: SessionDataCopy) => unknown): unknown {
  try {
    return accountOf(data);
  } catch (error) {
    throw invalidArgument('accountOf', 'must not throw, whatever the session holds', typeof data, error);
  }
}
