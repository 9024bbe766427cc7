import type { SessionContextOptions, SessionStore } from '../index.js';
import { noListener } from '../store/no-listener.js';

/** A store made for one test, not opened yet. */
export interface StoreSetup {
  readonly store: SessionStore;
  /**
   * Resolves when at least this many milliseconds have passed for the store: because its clock was advanced, or because
   * the test waited.
   */
  advance(milliseconds: number): Promise<void>;
  /** Closes the store and frees what was made for it. */
  close(): Promise<void>;
}

/** Makes an empty store, a new one at each call. */
export type StoreFactory = (context: SessionContextOptions) => Promise<StoreSetup>;

/** An object with all names, so that the compiler finds one that is missing. */
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
 * Makes one store, checks its shape, opens it and closes it. A wrong factory would otherwise fail in every rule, each
 * time with another error.
 * @throws SetupFault
 */
export async function checkFactory(create: StoreFactory, context: SessionContextOptions): Promise<void> {
  const setup = await create(context);
  // The factory may be written in JavaScript, or with a cast.
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
