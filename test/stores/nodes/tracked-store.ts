import type { SessionStore } from '../../../src/index.js';

/** Counts the running operations of a store. */
export class Tracked {
  #underWay = 0;

  /** Resolves when no operation is running and none has started within three turns of the event loop. */
  async quiet(): Promise<void> {
    for (let turns = 0; turns < 3; ) {
      await new Promise((resolve) => setImmediate(resolve));
      turns = this.#underWay === 0 ? turns + 1 : 0;
    }
  }

  /** Returns a store that forwards to `store` and counts its running operations. */
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
