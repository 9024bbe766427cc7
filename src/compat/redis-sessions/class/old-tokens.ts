import { BoundedMap } from '../../../caching/bounded-map.js';
import type { SessionManager } from '../../../service/session-manager.js';

/** Pattern of the tokens of redis-sessions: 55 characters without a Z, a Z, and the time of creation in base 36. */
const oldToken = /^[0-9A-Ya-z]{55}Z[0-9a-z]{8}$/;
const markAt = 55;
/** Maximum number of tokens that a process caches. */
const mostKnown = 10_000;

/** The part of a manager that `OldTokens` uses. */
type Resolver = Pick<SessionManager, 'app' | 'now' | 'resolveAlias'>;

/** Whether redis-sessions may have created the token. About one in ten thousand of our own tokens matches by chance. */
export function looksOld(token: string): boolean {
  // Cheap check that rejects nearly all current tokens before the regular expression.
  return token[markAt] === 'Z' && oldToken.test(token);
}

/**
 * Translates the tokens of sessions that were imported from redis-sessions. Asks the store once per token, and again
 * after `rememberFor`, because each look-up extends the life of the alias.
 */
export class OldTokens {
  readonly #known = new BoundedMap<string, { readonly token: string; readonly until: number }>(mostKnown);

  /** Resolves with the current token of an imported session. Any other token is returned unchanged. */
  async current(manager: Resolver, token: string): Promise<string> {
    if (!looksOld(token)) return token;
    const name = `${manager.app}:${token}`;
    const known = this.#known.get(name);
    if (known !== undefined && known.until > manager.now) return known.token;
    const resolved = await manager.resolveAlias(token);
    this.#known.delete(name);
    if (resolved === undefined) return token;
    this.#known.set(name, { token: resolved.token, until: manager.now + resolved.rememberFor });
    return resolved.token;
  }
}
