import type { NewSession } from './session-record.js';
import type { SessionStore } from './session-store.js';

/** A session with a past: it was made elsewhere, and goes on here as it stood there. */
export interface AdoptedSession extends Omit<NewSession, 'id' | 'secretHash'> {
  readonly createdAt: number;
  readonly lastTime: number;
  readonly reads: number;
  readonly writes: number;
}

/** What an adopted session goes by here. */
export interface TokenAlias {
  readonly id: string;
  /** For so many milliseconds it need not be looked up again; it must be after, or it will be forgotten. */
  readonly rememberFor: number;
}

/**
 * Ability of a store: to adopt sessions of another system with the tokens that their bearers hold. Such a token begins
 * with no id of this store; its first characters are an alias of one, the rest is the secret as ever.
 *
 * An alias lives for as long as the session can: each look-up extends it, and one in each `rememberFor` is enough. When
 * the session ends before, its alias stays until its time is up and leads nowhere, so that the session is not adopted
 * a second time.
 */
export interface TokenAliases {
  /**
   * Adopts the session, in two steps that can be repeated: the session, then its alias. Does nothing when it was done
   * before, whatever became of the session.
   * @param token 64 letters and digits
   * @returns whether it was adopted now
   */
  adopt(token: string, session: AdoptedSession): Promise<boolean>;

  /** Whether `adopt` would do nothing. Changes nothing itself. */
  isAdopted(app: string, token: string): Promise<boolean>;

  /** The alias of this token, extended; `undefined` when it has none. Says nothing of the session, nor of the secret. */
  resolveAlias(app: string, token: string): Promise<TokenAlias | undefined>;
}

export function hasTokenAliases(store: SessionStore): store is SessionStore & TokenAliases {
  return 'adopt' in store && 'isAdopted' in store && 'resolveAlias' in store;
}
