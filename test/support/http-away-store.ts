import { injectable, injectFromBase } from 'inversify';
import {
  type Contact,
  type Cursor,
  MemoryStore,
  type ReadRequest,
  type ReadResult,
  type Renewal,
  SessionError,
  type SessionRecord,
  SessionStore,
  type StoreBinding,
} from '../../src/index.js';

/** A memory store whose connection can be cut, like that of a store across a network. */
@injectable()
@injectFromBase({ extendConstructorArguments: true })
export class CuttableStore extends MemoryStore {
  isAway = false;

  override async ping(): Promise<void> {
    this.#requireHere();
    return super.ping();
  }

  override async authenticate(app: string, id: string, secretHash: string): Promise<Contact> {
    this.#requireHere();
    return super.authenticate(app, id, secretHash);
  }

  override async get(app: string, id: string): Promise<SessionRecord> {
    this.#requireHere();
    return super.get(app, id);
  }

  override async touch(app: string, id: string, renewal: Renewal): Promise<Contact> {
    this.#requireHere();
    return super.touch(app, id, renewal);
  }

  override async listAccount(app: string, accountId: string): Promise<readonly SessionRecord[]> {
    this.#requireHere();
    return super.listAccount(app, accountId);
  }

  override async read(app: string, id: string, request: ReadRequest): Promise<ReadResult> {
    this.#requireHere();
    return super.read(app, id, request);
  }

  override async acknowledge(app: string, id: string, reader: string, place: Cursor): Promise<void> {
    this.#requireHere();
    return super.acknowledge(app, id, reader, place);
  }

  override async release(app: string, id: string, reader: string): Promise<void> {
    this.#requireHere();
    return super.release(app, id, reader);
  }

  #requireHere(): void {
    if (this.isAway) throw new SessionError('STORE_UNAVAILABLE', 'The store cannot be reached', {});
  }
}

export const cuttableStore: StoreBinding = (options) => {
  options.bind(SessionStore).to(CuttableStore).inSingletonScope();
};

export function cuttable(store: SessionStore): CuttableStore {
  if (store instanceof CuttableStore) return store;
  throw new TypeError('The container binds another store');
}
