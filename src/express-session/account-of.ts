import { invalidArgument } from '../errors/session-error.js';
import { isDataKey } from './attribute-names.js';

/** The data of `req.session`, as a copy. */
export interface SessionDataCopy {
  readonly [key: string]: unknown;
}

/** How the application says in `req.session` who is logged in. */
export interface AccountRules {
  /** The key that holds the account id; of no effect with `accountOf`. */
  readonly accountKey: string;
  readonly accountOf: ((data: SessionDataCopy) => unknown) | undefined;
}

/**
 * The account that these data name; `undefined` for none. An account id that is a number, as in many databases, counts as
 * its decimal digits.
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
 * Whether the data may be given to a request of a sid that is bound to this account. `accountOf` must not find another
 * account in them: the application would take the request for that account's, which no limit and no logout knows of. Data
 * can be so when they were stored before `accountOf` was set, or by other code.
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

/** The data as a new object. */
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
