import type { SessionContextOptions, SessionStore } from '../index.js';
import { noListener } from '../store/no-listener.js';

/** A store made for one test, not opened yet. */
export interface StoreSetup {
  readonly store: SessionStore;
  /**
   * Advances the store's clock, or waits. Resolves when at least this many milliseconds have passed for the store.
   */
  advance(milliseconds: number): Promise<void>;
  /** Closes the store and releases the resources of the setup. */
  close(): Promise<void>;
}

/** Creates a new, empty store at each call. */
export type StoreFactory = (context: SessionContextOptions) => Promise<StoreSetup>;

/** The names of all operations. An object, so that the compiler reports a missing name. */
const operations = {
  open: true,
  close: true,
  ping: true,
  idPrefix: true,
  insert: true,
  insertOnce: true,
  authenticate: true,
  get: true,
  touch: true,
  patch: true,
  patchAsBearer: true,
  rotate: true,
  rotateAndEndOthers: true,
  reauthenticate: true,
  recordClient: true,
  replace: true,
  end: true,
  endAsBearer: true,
  endAccount: true,
  endApp: true,
  listAccount: true,
  listApp: true,
  scanApp: true,
  countSessions: true,
  countPresence: true,
  countActiveAccounts: true,
  append: true,
  appendToAccount: true,
  appendToEach: true,
  read: true,
  acknowledge: true,
  acknowledgeAsBearer: true,
  release: true,
  sweep: true,
  judgePresence: true,
} satisfies Record<keyof SessionStore, true>;

/** `create` resolved to something that is not a `StoreSetup`. */
export class SetupFault extends Error {
  override readonly name = 'SetupFault';

  constructor(fault: string) {
    super(`create must resolve to { store, advance, close }, where store is a SessionStore; ${fault}`);
  }
}

/**
 * Creates one store, checks its shape, opens it and closes it. Without this check a wrong factory would make every rule fail,
 * each with a different error.
 * @throws SetupFault
 */
export async function checkFactory(create: StoreFactory, context: SessionContextOptions): Promise<void> {
  const setup = await create(context);
  // Check at run time, because the factory may be written in JavaScript or use a cast.
  const fault = faultOf(setup);
  if (fault !== undefined) throw new SetupFault(fault);
  await setup.store.open(noListener);
  await setup.close();
}

function faultOf(setup: unknown): string | undefined {
  if (typeof setup !== 'object' || setup === null) return `got ${setup === null ? 'null' : typeof setup}`;
  if (hasMethod(setup, 'insert')) return 'got the store itself';
  if (!('store' in setup) || typeof setup.store !== 'object' || setup.store === null) return 'it has no store';
  for (const name of ['advance', 'close']) if (!hasMethod(setup, name)) return `it has no function ${name}`;
  const { store } = setup;
  const missing = Object.keys(operations).filter((name) => !hasMethod(store, name));
  return missing.length === 0 ? undefined : `its store has no method ${missing.join(', ')}`;
}

function hasMethod(object: object, name: string): boolean {
  return name in object && typeof Reflect.get(object, name) === 'function';
}
