import type {
  AppPage,
  AppQuery,
  AttributePatch,
  ClosedSession,
  CloseReason,
  Contact,
  NewSession,
  OnceInsertion,
  Renewal,
  SessionRecord,
} from '../../src/index.js';
import { MemoryStore } from '../../src/index.js';

export type HookedOperation = 'insertOnce' | 'get' | 'touch' | 'patch' | 'end' | 'listApp' | 'ping';

/** A memory store that calls the test before and after each operation that the express-session store uses. */
export class HookedStore extends MemoryStore {
  /** Called before each operation. If it throws, the operation fails without an effect. */
  before: (operation: HookedOperation) => Promise<void> | void = () => {};
  /** Called after each operation. If it throws, the operation fails although it took effect. */
  after: (operation: HookedOperation) => Promise<void> | void = () => {};

  override insertOnce(session: NewSession): Promise<OnceInsertion> {
    return this.#hooked('insertOnce', () => super.insertOnce(session));
  }

  override get(app: string, id: string): Promise<SessionRecord> {
    return this.#hooked('get', () => super.get(app, id));
  }

  override touch(app: string, id: string, renewal: Renewal): Promise<Contact> {
    return this.#hooked('touch', () => super.touch(app, id, renewal));
  }

  override patch(app: string, id: string, attributes: AttributePatch): Promise<SessionRecord> {
    return this.#hooked('patch', () => super.patch(app, id, attributes));
  }

  override end(app: string, id: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    return this.#hooked('end', () => super.end(app, id, reason));
  }

  override listApp(app: string, query: AppQuery): Promise<AppPage> {
    return this.#hooked('listApp', () => super.listApp(app, query));
  }

  override ping(): Promise<void> {
    return this.#hooked('ping', () => super.ping());
  }

  async #hooked<Result>(operation: HookedOperation, operate: () => Promise<Result>): Promise<Result> {
    await this.before(operation);
    const result = await operate();
    await this.after(operation);
    return result;
  }
}
