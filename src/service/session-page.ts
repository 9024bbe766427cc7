import { requirePageCursor } from '../store/session-arguments.js';
import type { AppQuery } from '../store/session-store.js';
import { type OptionNames, requireOptions, requireWholeNumber } from '../validation/argument-rules.js';
import type { Session } from './session.js';

const defaultPageSize = 1_000;
const largestPageSize = 10_000;

/** Selection of the sessions of an app that are listed, and of their page. */
export interface SessionsOfAppOptions {
  /** Only sessions whose last activity is at most this long ago, in milliseconds. Default: all sessions. */
  readonly activeWithin?: number;
  /** Maximum number of sessions on a page, from 1 to 10 000. Default 1000. */
  readonly limit?: number;
  /** The `cursor` of the previous page. Default: the first page. */
  readonly cursor?: string;
}

/** One page of an app's sessions. */
export interface SessionPage {
  readonly sessions: readonly Session[];
  /** Position at which the next page begins; absent on the last page. */
  readonly cursor?: string;
}

const optionNames: OptionNames<SessionsOfAppOptions> = { activeWithin: true, limit: true, cursor: true };

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireAppQuery(options: SessionsOfAppOptions): AppQuery {
  const { activeWithin, limit = defaultPageSize, cursor } = requireOptions(options, optionNames);
  return {
    activeWithin: activeWithin === undefined ? undefined : requireMilliseconds('activeWithin', activeWithin),
    limit: requireWholeNumber('limit', limit, 1, largestPageSize),
    cursor: cursor === undefined ? undefined : requirePageCursor(cursor),
  };
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireMilliseconds(argument: string, value: unknown): number {
  return requireWholeNumber(argument, value, 0, Number.MAX_SAFE_INTEGER);
}
