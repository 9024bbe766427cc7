import {
  type ChangeWatcher,
  type Contact,
  MemoryStore,
  type Renewal,
  SessionError,
  type SessionRecord,
  type StoreBinding,
} from '../../src/index.js';
import { bindStore } from '../support/service.js';

type Pause = () => Promise<void>;
const noPause: Pause = async () => {};

/** A memory store whose answers, change notices and availability the test controls. */
export class ControlledStore extends MemoryStore {
  isAway = false;
  /** Whether the store hides changes from its watchers. */
  isMute = false;
  /** Awaited after a session was authenticated, before the answer. */
  afterAuthenticate: Pause = noPause;
  /** Awaited after a session was read, before the answer. */
  afterGet: Pause = noPause;
  /** Awaited before a renewal. */
  beforeTouch: Pause = noPause;
  /** Awaited before a new watcher is registered. */
  beforeWatch: Pause = noPause;
  readonly renewals: (Renewal & { readonly id: string; readonly at: number })[] = [];
  readonly looks: string[] = [];
  readonly watchers = new Set<ChangeWatcher>();
  /** Number of calls of `watchChanges`. */
  watches = 0;
  now: () => number = () => 0;

  override async authenticate(app: string, id: string, secretHash: string): Promise<Contact> {
    this.#requireHere();
    const contact = await super.authenticate(app, id, secretHash);
    await this.afterAuthenticate();
    return contact;
  }

  override async get(app: string, id: string): Promise<SessionRecord> {
    this.#requireHere();
    this.looks.push(id);
    const record = await super.get(app, id);
    await this.afterGet();
    return record;
  }

  override async touch(app: string, id: string, renewal: Renewal): Promise<Contact> {
    this.#requireHere();
    this.renewals.push({ id, at: this.now(), ...renewal });
    await this.beforeTouch();
    return super.touch(app, id, renewal);
  }

  override async watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>> {
    this.#requireHere();
    this.watches += 1;
    await this.beforeWatch();
    const end = await super.watchChanges({
      changed: (app, id, change) => {
        if (!this.isMute) watcher.changed(app, id, change);
      },
      interrupted: () => watcher.interrupted(),
      resumed: () => watcher.resumed(),
    });
    this.watchers.add(watcher);
    return async () => {
      this.watchers.delete(watcher);
      await end();
    };
  }

  #requireHere(): void {
    if (this.isAway) throw new SessionError('STORE_UNAVAILABLE', 'The store cannot be reached', {});
  }
}

/** Returns a binding of a controlled store, and a function that returns the store once the service has created it. */
export function controlledStore(options: { readonly feed?: boolean } = {}): {
  readonly binding: StoreBinding;
  readonly store: () => ControlledStore;
} {
  let made: ControlledStore | undefined;
  const binding = bindStore((context, clock) => {
    const store = new ControlledStore(context, clock);
    store.now = () => clock.now();
    // A store that can't report changes has no `watchChanges`.
    if (options.feed === false) Object.defineProperty(store, 'watchChanges', { value: undefined });
    made = store;
    return store;
  });
  const store = () => {
    if (made === undefined) throw new Error('The service was not started');
    return made;
  };
  return { binding, store };
}

/** Calls of `pass` wait until the gate is opened. */
export class Gate {
  readonly #opened: Promise<void>;
  #open: () => void = () => {};
  #arrivals = 0;

  constructor() {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Number of calls of `pass`. */
  get arrivals(): number {
    return this.#arrivals;
  }

  readonly pass = (): Promise<void> => {
    this.#arrivals += 1;
    return this.#opened;
  };

  open(): void {
    this.#open();
  }
}
