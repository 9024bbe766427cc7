import {
  type AccountRotation,
  type AppendOutcome,
  type AppPage,
  type AppQuery,
  type AttributePatch,
  type ClosedSession,
  type CloseReason,
  type Contact,
  type Cursor,
  type Insertion,
  type NewSession,
  type OnceInsertion,
  type OutgoingMessage,
  type PresenceCounts,
  type ReadRequest,
  type ReadResult,
  type Renewal,
  type Replacement,
  type SessionRecord,
  type SessionReference,
  SessionStore,
  type Slice,
  type StoreListener,
} from '../../../src/index.js';
import { type HostedStore, storeOf } from './hosted-store.js';
import type { NodeProcess } from './node-process.js';

let latest = 0;

/** A store that runs each operation on a different node than the previous one. Reveals state that only one node has. */
export class RemoteStore extends SessionStore {
  readonly #nodes: readonly NodeProcess[];
  readonly #hosted: HostedStore;
  readonly #number: number;
  /** Serves `idPrefix`, which needs no server. */
  readonly #local: SessionStore;
  /** The node of each reader's last read. Only this node may release the reader, and a stream continues on it. */
  readonly #readAt = new Map<string, NodeProcess>();
  #turn = 0;

  constructor(nodes: readonly NodeProcess[], hosted: HostedStore) {
    super();
    latest += 1;
    this.#number = latest;
    this.#nodes = nodes;
    this.#hosted = hosted;
    this.#local = storeOf(hosted);
  }

  async open(listener: StoreListener): Promise<void> {
    for (const node of this.#nodes) node.hear(this.#number, listener);
    await this.#onAll((node) => node.ask({ kind: 'open', store: this.#number, hosted: this.#hosted }));
  }

  async close(): Promise<void> {
    await this.#onAll((node) => node.ask({ kind: 'call', store: this.#number, method: 'close', args: [] }));
    for (const node of this.#nodes) node.forget(this.#number);
  }

  ping(): Promise<void> {
    return this.#call('ping');
  }

  idPrefix(app: string, accountId: string): string {
    return this.#local.idPrefix(app, accountId);
  }

  insert(session: NewSession): Promise<Insertion> {
    return this.#call('insert', session);
  }

  insertOnce(session: NewSession): Promise<OnceInsertion> {
    return this.#call('insertOnce', session);
  }

  authenticate(app: string, id: string, secretHash: string): Promise<Contact> {
    return this.#call('authenticate', app, id, secretHash);
  }

  get(app: string, id: string): Promise<SessionRecord> {
    return this.#call('get', app, id);
  }

  touch(app: string, id: string, renewal: Renewal): Promise<Contact> {
    return this.#call('touch', app, id, renewal);
  }

  patch(app: string, id: string, attributes: AttributePatch): Promise<SessionRecord> {
    return this.#call('patch', app, id, attributes);
  }

  patchAsBearer(app: string, id: string, secretHash: string, attributes: AttributePatch): Promise<Contact> {
    return this.#call('patchAsBearer', app, id, secretHash, attributes);
  }

  rotate(app: string, id: string, secretHash: string, keepOpen: boolean): Promise<SessionRecord> {
    return this.#call('rotate', app, id, secretHash, keepOpen);
  }

  rotateAndEndOthers(app: string, accountId: string, id: string, secretHash: string): Promise<AccountRotation> {
    return this.#call('rotateAndEndOthers', app, accountId, id, secretHash);
  }

  reauthenticate(app: string, id: string, level: number | undefined): Promise<SessionRecord> {
    return this.#call('reauthenticate', app, id, level);
  }

  recordClient(app: string, id: string, ip: string, userAgent: string): Promise<SessionRecord> {
    return this.#call('recordClient', app, id, ip, userAgent);
  }

  replace(app: string, newId: string, oldId: string): Promise<Replacement> {
    return this.#call('replace', app, newId, oldId);
  }

  end(app: string, id: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    return this.#call('end', app, id, reason);
  }

  endAsBearer(app: string, id: string, secretHash: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    return this.#call('endAsBearer', app, id, secretHash, reason);
  }

  endAccount(
    app: string,
    accountId: string,
    reason: CloseReason,
    except: string | undefined,
  ): Promise<readonly ClosedSession[]> {
    return this.#call('endAccount', app, accountId, reason, except);
  }

  endApp(app: string, reason: CloseReason): AsyncIterable<readonly ClosedSession[]> {
    return this.#iterate('endApp', app, reason);
  }

  listAccount(app: string, accountId: string): Promise<readonly SessionRecord[]> {
    return this.#call('listAccount', app, accountId);
  }

  listApp(app: string, query: AppQuery): Promise<AppPage> {
    return this.#call('listApp', app, query);
  }

  scanApp(app: string, size: number): AsyncIterable<readonly string[]> {
    return this.#iterate('scanApp', app, size);
  }

  countSessions(app: string): Promise<number> {
    return this.#call('countSessions', app);
  }

  countPresence(): Promise<PresenceCounts> {
    return this.#call('countPresence');
  }

  countActiveAccounts(app: string, within: number): Promise<number> {
    return this.#call('countActiveAccounts', app, within);
  }

  append(app: string, id: string, message: OutgoingMessage): Promise<AppendOutcome> {
    return this.#call('append', app, id, message);
  }

  appendToAccount(app: string, accountId: string, message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    return this.#call('appendToAccount', app, accountId, message);
  }

  appendToEach(app: string, ids: readonly string[], message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    return this.#call('appendToEach', app, ids, message);
  }

  read(app: string, id: string, request: ReadRequest): Promise<ReadResult> {
    const key = `${app} ${id} ${request.reader}`;
    const node = (request.goesOn && this.#readAt.get(key)) || this.#next();
    this.#readAt.set(key, node);
    return this.#callAt(node, 'read', app, id, request);
  }

  acknowledge(app: string, id: string, reader: string, place: Cursor): Promise<void> {
    return this.#call('acknowledge', app, id, reader, place);
  }

  acknowledgeAsBearer(app: string, id: string, secretHash: string, reader: string, place: Cursor): Promise<void> {
    return this.#call('acknowledgeAsBearer', app, id, secretHash, reader, place);
  }

  release(app: string, id: string, reader: string): Promise<void> {
    const node = this.#readAt.get(`${app} ${id} ${reader}`) ?? this.#next();
    return this.#callAt(node, 'release', app, id, reader);
  }

  sweep(limit: number): Promise<Slice<ClosedSession>> {
    return this.#call('sweep', limit);
  }

  judgePresence(limit: number): Promise<Slice<SessionReference>> {
    return this.#call('judgePresence', limit);
  }

  #next(): NodeProcess {
    const node = this.#nodes[this.#turn % this.#nodes.length];
    this.#turn += 1;
    if (node === undefined) throw new Error('there are no nodes');
    return node;
  }

  #call<Result>(method: string, ...args: unknown[]): Promise<Result> {
    return this.#callAt(this.#next(), method, ...args);
  }

  async #callAt<Result>(node: NodeProcess, method: string, ...args: unknown[]): Promise<Result> {
    return (await node.ask({ kind: 'call', store: this.#number, method, args })) as Result;
  }

  async *#iterate<Item>(method: string, ...args: unknown[]): AsyncGenerator<Item> {
    const node = this.#next();
    const iteration = Number(await node.ask({ kind: 'iterate', store: this.#number, method, args }));
    try {
      for (;;) {
        const result = (await node.ask({ kind: 'next', iteration })) as IteratorResult<Item>;
        if (result.done === true) return;
        yield result.value;
      }
    } finally {
      await node.ask({ kind: 'leave', iteration });
    }
  }

  async #onAll(action: (node: NodeProcess) => Promise<unknown>): Promise<void> {
    await Promise.all(this.#nodes.map(action));
  }
}
