import type { TestFn } from 'ava';
import { SessionError, type SessionErrorCode } from '../../src/index.js';

/** A check of one argument: returns the value, or throws. */
export interface ArgumentRule {
  readonly name: string;
  readonly check: (value: unknown) => unknown;
  readonly accepts: readonly unknown[];
  readonly refuses: readonly unknown[];
  /** Default `INVALID_ARGUMENT`. */
  readonly code?: SessionErrorCode;
}

export const noText: readonly unknown[] = [undefined, null, 5, true, {}, [], ['a'], () => {}, Symbol('x'), 5n];
export const controlCharacters = ['\u0000', 'a\nb', '\u007f', '\u0085', '\u009f'];

export function testArgumentRule(test: TestFn, rule: ArgumentRule): void {
  const { name, check, accepts, refuses, code = 'INVALID_ARGUMENT' } = rule;
  test(`the rule for ${name} returns what it accepts`, (t) => {
    for (const value of accepts) t.is(check(value), value);
  });

  test(`the rule for ${name} refuses other values as ${code} and quotes them in part`, (t) => {
    for (const value of refuses) {
      const error = t.throws(() => check(value));
      t.true(SessionError.is(error, code), String(error));
      t.true((error?.message.length ?? 0) < 300);
    }
  });
}
