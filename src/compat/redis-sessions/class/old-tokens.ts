import type { SessionManager } from '../../../service/session-manager.js';

/** How redis-sessions makes tokens: 55 characters without a Z, a Z, and the time in base 36. */
const oldToken = /^[0-9A-Ya-z]{55}Z[0-9a-z]{8}$/;
const markAt = 55;
const mostKnown = 10_000;

/** What is needed of a manager here. */
type Resolver = Pick<SessionManager, 'app' | 'now' | 'resolveAlias'>;

/** Whether redis-sessions may have made it. Of our own tokens one in ten thousand looks so by chance. */
export function looksOld(token: string): boolean {
  // Every call comes by here, and this alone sends most of them on.
  return token[markAt] === 'Z' && oldToken.test(token);
}

/**
 * Tokens of sessions that were imported from redis-sessions, and what they are here. Each is looked up in the store
 * once, and again only often enough that its alias lives as long as its session.
 */
export class OldTokens {
  readonly #known = new Map<string, { readonly token: string; readonly until: number }>();

  /** The token to go on with: the same for all but those of imported sessions. */
  async current(manager: Resolver, token: string): Promise<string> {
    if (!looksOld(token)) return token;
    const name = `${manager.app}:${token}`;
    const known = this.#known.get(name);
    if (known !== undefined && known.until > manager.now) return known.token;
    const resolved = await manager.resolveAlias(token);
    this.#known.delete(name);
    if (resolved === undefined) return token;
    this.#known.set(name, { token: resolved.token, until: manager.now + resolved.rememberFor });
    this.#forgetOldest();
    return resolved.token;
  }

  #forgetOldest(): void {
    if (this.#known.size <= mostKnown) return;
    for (const name of this.#known.keys()) {
      this.#known.delete(name);
      return;
    }
  }
}
