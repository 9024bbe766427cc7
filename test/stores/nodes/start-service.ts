import { Container } from 'inversify';
import { type SessionContextOptions, SessionManager, SessionStore, sessionModule } from '../../../src/index.js';
import { bindingOf, type HostedOptions } from './hosted-store.js';
import { ServiceDeeds } from './service-deeds.js';
import { Tracked } from './tracked-store.js';

/** What one node is started with. */
export interface ServiceSettings {
  readonly context: SessionContextOptions;
  readonly options: HostedOptions;
  readonly diary?: string;
  /** How far this node's clock is off, in milliseconds. */
  readonly skew?: number;
}

export type ServiceOrder =
  | { readonly deed: 'start'; readonly settings: ServiceSettings }
  | { readonly deed: keyof ServiceDeeds; readonly args: readonly unknown[] };

/** Carries out orders, the first of which starts the service. */
export function serviceOnOrder(): (order: ServiceOrder) => Promise<unknown> {
  let deeds: ServiceDeeds | undefined;
  return async (order) => {
    if (order.deed === 'start') {
      deeds = await start(order.settings);
      return undefined;
    }
    if (deeds === undefined) throw new Error('the service is not started');
    const deed: (...args: never[]) => unknown = deeds[order.deed];
    return Reflect.apply(deed, deeds, order.args);
  };
}

async function start({ context, options, diary, skew = 0 }: ServiceSettings): Promise<ServiceDeeds> {
  const rightTime = Date.now;
  Date.now = () => rightTime() + skew;
  const container = new Container();
  container.load(sessionModule(context, bindingOf(options)));
  const operations = new Tracked();
  container.onActivation(SessionStore, (_context, store) => operations.watch(store));
  return new ServiceDeeds(container, await container.getAsync(SessionManager), operations, diary);
}
