import { Container } from 'inversify';
import { type SessionContextOptions, SessionManager, SessionStore, sessionModule } from '../../../src/index.js';
import { bindingOf, type ServedOptions } from './hosted-store.js';
import { ServiceActions } from './service-actions.js';
import { Tracked } from './tracked-store.js';
import { setWallClock } from './wall-clock.js';

/** The settings of one node. */
export interface ServiceSettings {
  readonly context: SessionContextOptions;
  readonly options: ServedOptions;
  readonly eventLog?: string;
  /** Milliseconds by which the wall clock of this node is ahead when the node starts. */
  readonly skew?: number;
}

export type ServiceOrder =
  | { readonly action: 'start'; readonly settings: ServiceSettings }
  | { readonly action: keyof ServiceActions; readonly args: readonly unknown[] };

/** Returns a function that carries out orders. The first order starts the service. */
export function serviceOnOrder(): (order: ServiceOrder) => Promise<unknown> {
  let actions: ServiceActions | undefined;
  return async (order) => {
    if (order.action === 'start') {
      actions = await start(order.settings);
      return undefined;
    }
    if (actions === undefined) throw new Error('the service is not started');
    const action: (...args: never[]) => unknown = actions[order.action];
    return Reflect.apply(action, actions, order.args);
  };
}

async function start({ context, options, eventLog, skew = 0 }: ServiceSettings): Promise<ServiceActions> {
  setWallClock(skew);
  const container = new Container();
  container.load(sessionModule(context, bindingOf(options)));
  const operations = new Tracked();
  container.onActivation(SessionStore, (_context, store) => operations.watch(store));
  return new ServiceActions(container, await container.getAsync(SessionManager), operations, eventLog);
}
