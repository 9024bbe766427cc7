import type { NewSession } from './session-record.js';
import type { SessionStore } from './session-store.js';

/** A session of another system, with its state there. */
export interface AdoptedSession extends Omit<NewSession, 'id' | 'secretHash' | 'maxSession' | 'level'> {
  readonly createdAt: number;
  readonly lastTime: number;
  readonly reads: number;
  readonly writes: number;
}

/** The session that a foreign token stands for. */
export interface TokenAlias {
  readonly id: string;
  /**
   * Milliseconds for which the caller may use the alias without another look-up. The store forgets an alias that is not
   * looked up again after this time.
   */
  readonly rememberFor: number;
}

/**
 * Optional ability of a store: to adopt sessions of another system together with the tokens that their bearers hold.
 * The first characters of such a token are not an id of this store but an alias of an id. The rest is the secret.
 *
 * An alias lives as long as its session can. Each look-up extends it; one look-up per `rememberFor` is enough. If the
 * session ends earlier, the alias stays until it expires, so that the session is not adopted a second time.
 */
export interface TokenAliases {
  /**
   * Adopts the session in two steps that can be repeated: first the session, then its alias. Does nothing when the
   * token was adopted before, even if the session has ended since.
   * @param token 64 letters and digits
   * @returns whether this call adopted it
   */
  adopt(token: string, session: AdoptedSession): Promise<boolean>;

  /** Whether the token was adopted before. Changes nothing. */
  isAdopted(app: string, token: string): Promise<boolean>;

  /** Looks up and extends the alias of this token; `undefined` if it has none. Checks neither session nor secret. */
  resolveAlias(app: string, token: string): Promise<TokenAlias | undefined>;
}

export function hasTokenAliases(store: SessionStore): store is SessionStore & TokenAliases {
  return 'adopt' in store && 'isAdopted' in store && 'resolveAlias' in store;
}
