import { type SessionContext, SessionError, type SessionManager, startSessions } from '../../src/index.js';
import { mainStore, type Stores } from '../stores.js';

export type Policy = SessionContext['onMaxSession'];

export const policies: readonly Policy[] = ['reject', 'evict-oldest', 'evict-idle'];

/**
 * A session service for each policy of the limit, to compare the policies. `onMaxSession` is a setting of a whole service, so
 * each policy has a separate service and store. The configured policy uses the service of the routes without a policy.
 */
export class PolicyServices {
  readonly #managers: ReadonlyMap<string, SessionManager>;
  readonly #stops: readonly (() => Promise<void>)[];

  constructor(managers: ReadonlyMap<string, SessionManager>, stops: readonly (() => Promise<void>)[]) {
    this.#managers = managers;
    this.#stops = stops;
  }

  static async start(main: SessionManager, stores: Stores): Promise<PolicyServices> {
    const managers = new Map<string, SessionManager>([[main.context.onMaxSession, main]]);
    const stops: (() => Promise<void>)[] = [];
    try {
      for (const policy of policies.filter((each) => !managers.has(each))) {
        const context = { ...main.context, onMaxSession: policy };
        const { sessions, stop } = await startSessions(context, stores(`${mainStore}-${policy}`));
        managers.set(policy, sessions);
        stops.push(stop);
      }
    } catch (error) {
      await Promise.all(stops.map((stop) => stop()));
      throw error;
    }
    return new PolicyServices(managers, stops);
  }

  get entries(): Iterable<readonly [string, SessionManager]> {
    return this.#managers;
  }

  /** @throws SessionError `INVALID_ARGUMENT` */
  of(policy: string): SessionManager {
    const manager = this.#managers.get(policy);
    if (manager !== undefined) return manager;
    const rule = `must be one of ${policies.join(', ')}`;
    throw new SessionError('INVALID_ARGUMENT', `policy ${rule}`, { argument: 'policy', rule, value: policy });
  }

  /** Drains every service. */
  async drain(): Promise<void> {
    await Promise.all([...this.#managers.values()].map((manager) => manager.drain()));
  }

  /** Stops the services that this class has started. */
  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
  }
}
