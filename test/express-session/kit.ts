import type { ExecutionContext, TestFn } from 'ava';
import { Container } from 'inversify';
import { SessionMailboxStore, type SessionMailboxStoreOptions } from '../../src/express-session/index.js';
import {
  memoryStore,
  type SessionContextOptions,
  SessionManager,
  type StoreBinding,
  sessionModule,
} from '../../src/index.js';
import { redisStore } from '../../src/stores/redis/index.js';
import { freshPrefix } from '../stores/redis/exact-clock.js';
import { serverFor } from '../stores/redis/places.js';
import { Browser } from './browser.js';
import { type Action, startWeb, type WebOptions, type WebServerName } from './web-servers.js';

export type StoreName = 'memory' | 'redis';
export const storeNames: readonly StoreName[] = ['memory', 'redis'];

/** Returns the stores over which the tests of a file run. All bindings of `redis` share one server. */
export function storesFor(test: TestFn): (name: StoreName) => StoreBinding {
  const server = serverFor(test);
  return (name) =>
    name === 'memory' ? memoryStore() : redisStore({ url: server().url, keyPrefix: freshPrefix(), buckets: 4 });
}

export interface ShopOptions {
  readonly binding?: StoreBinding;
  readonly context?: SessionContextOptions;
  readonly store?: SessionMailboxStoreOptions;
  readonly web?: WebOptions;
  readonly actions?: Readonly<Record<string, Action>>;
}

/** Starts a service with an express-session store. Stops it when the test ends. */
export async function startStore(t: ExecutionContext, { binding, context = {}, store: options }: ShopOptions = {}) {
  const container = new Container();
  container.load(sessionModule(context, binding));
  const manager = await container.getAsync(SessionManager);
  // Most tests bind the sid of the request at a login, because that covers more cases than a new sid.
  const store = new SessionMailboxStore(manager, { allowKeptSid: true, ...options });
  t.teardown(async () => {
    store.close();
    await container.unbindAllAsync();
  });
  return { manager, store, visitors: manager.inApp(`${manager.app}-visitors`), container };
}

/** Named points at which requests wait until the test opens them. */
export class Gates {
  readonly #gates = new Map<string, { open: () => void; readonly opened: Promise<void>; arrived: number }>();

  of(name: string) {
    let gate = this.#gates.get(name);
    if (gate === undefined) {
      let open = () => {};
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      gate = { open, opened, arrived: 0 };
      this.#gates.set(name, gate);
    }
    return gate;
  }

  async pass(name: string): Promise<void> {
    const gate = this.of(name);
    gate.arrived += 1;
    await gate.opened;
  }
}

/** Returns actions that change the session as the query says. If the query names a gate, the action waits at it first. */
function actionsOf(gates: Gates): Readonly<Record<string, Action>> {
  const patch = (data: Record<string, unknown>, query: URLSearchParams) => {
    Object.assign(data, JSON.parse(query.get('set') ?? '{}'));
    for (const key of query.getAll('delete')) delete data[key];
  };
  const gated = async (query: URLSearchParams) => {
    const gate = query.get('gate');
    if (gate !== null) await gates.pass(gate);
  };
  return {
    look: (web) => {
      const { cookie: _cookie, ...data } = web().data;
      return Object.fromEntries(Object.entries(data).filter(([, value]) => JSON.stringify(value) !== undefined));
    },
    cookie: (web) => web().data.cookie,
    sid: (web) => web().sid,
    change: async (web, query) => {
      const { data } = web();
      await gated(query);
      patch(data, query);
    },
    save: async (web, query) => {
      await gated(query);
      patch(web().data, query);
      await web().save();
    },
    login: async (web, query) => {
      await gated(query);
      if (query.has('regenerate')) await web().regenerate();
      web().data.accountId = query.get('account');
      patch(web().data, query);
      await web().save();
    },
    logout: async (web) => {
      delete web().data.accountId;
      await web().save();
    },
    regenerate: (web) => web().regenerate(),
    destroy: (web) => web().destroy(),
    reload: async (web) => {
      web().data.mine = true;
      await web().reload();
    },
  };
}

/** Starts a web application that uses sessions, on a real server. */
export async function startShop(t: ExecutionContext, name: WebServerName, options: ShopOptions = {}) {
  const service = await startStore(t, options);
  const gates = new Gates();
  const { manager, store } = service;
  const actions = { ...actionsOf(gates), ...options.actions };
  const web = await startWeb(name, { manager, store, actions, options: options.web ?? {} });
  t.teardown(() => web.close());
  return { ...service, gates, port: web.port, browser: (cookie?: string) => new Browser(web.port, cookie) };
}

export function changing(set: object, rest = ''): string {
  return `change?set=${encodeURIComponent(JSON.stringify(set))}${rest}`;
}
