import type { SessionStore, StoreListener } from '../../../src/index.js';
import { type HostedStore, storeOf } from './hosted-store.js';
import { serveOrders } from './serve-orders.js';
import type { Heard, ListenerCall, StoreOrder } from './wire.js';

/** The program of a node that hosts stores and calls them for the test. */

const stores = new Map<number, SessionStore>();
const iterations = new Map<number, AsyncIterator<unknown>>();
let latestIteration = 0;

const tellTest = serveOrders<StoreOrder, Heard>(async (order) => {
  switch (order.kind) {
    case 'open':
      return open(order.store, order.hosted);
    case 'call': {
      const result = await invoke(order.store, order.method, order.args);
      if (order.method === 'close') stores.delete(order.store);
      return result;
    }
    case 'iterate': {
      const iterable = invoke(order.store, order.method, order.args) as AsyncIterable<unknown>;
      latestIteration += 1;
      iterations.set(latestIteration, iterable[Symbol.asyncIterator]());
      return latestIteration;
    }
    case 'next':
      return iterations.get(order.iteration)?.next();
    case 'leave': {
      const iteration = iterations.get(order.iteration);
      iterations.delete(order.iteration);
      return iteration?.return?.();
    }
  }
});

async function open(store: number, hosted: HostedStore): Promise<void> {
  const opened = storeOf(hosted);
  stores.set(store, opened);
  await opened.open(listenerOf(store));
}

function listenerOf(store: number): StoreListener {
  const tell = (...heard: ListenerCall) => tellTest({ store, heard });
  return {
    appended: (app, id, epoch, message, before) => tell('appended', app, id, epoch, message, before),
    changed: (app, id) => tell('changed', app, id),
    closed: (app, id, reason) => tell('closed', app, id, reason),
    rotated: (app, id, generation) => tell('rotated', app, id, generation),
    superseded: (app, id, reader, ticket) => tell('superseded', app, id, reader, ticket),
    missed: () => tell('missed'),
  };
}

function invoke(store: number, method: string, args: unknown[]): unknown {
  const found = stores.get(store);
  if (found === undefined) throw new Error(`no store ${store} was opened here`);
  const operation: unknown = Reflect.get(found, method);
  if (typeof operation !== 'function') throw new Error(`a store can not ${method}`);
  return operation.apply(found, args);
}
