import type { SessionStore } from '../../../src/index.js';

/** Operations of a store that were begun and have not ended. */
export class Tracked {
  #underWay = 0;

  /** Resolves once nothing is under way, nor follows at once from what was. */
  async quiet(): Promise<void> {
    for (let turns = 0; turns < 3; ) {
      await new Promise((resolve) => setImmediate(resolve));
      turns = this.#underWay === 0 ? turns + 1 : 0;
    }
  }

  /** The same store, watched. */
  watch(store: SessionStore): SessionStore {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => this.#follow(member.apply(target, args));
      },
    });
  }

  #follow(result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    this.#underWay += 1;
    const end = () => {
      this.#underWay -= 1;
    };
    result.then(end, end);
    return result;
  }
}
