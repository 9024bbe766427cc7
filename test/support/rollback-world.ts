import { strict as assert } from 'node:assert';
import type { Batch } from '../../src/delivery/batch.js';
import { type Cancellable, requirePollRequest } from '../../src/delivery/poll-request.js';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import { SessionEvents } from '../../src/events/session-events.js';
import type { Clock, SessionContext, SessionStore } from '../../src/index.js';
import { hashSecret, newId, newSecret } from '../../src/store/session-token.js';

const app = 'default';
const holdTime = 20_000;

/** A store that can be reset to its own earlier state, like a restored copy or a lagging replica. */
export interface RollbackStage {
  readonly clock: Clock;
  readonly context: SessionContext;
  /** The store of the first process. It is not open yet. */
  readonly store: SessionStore;
  /** Whether the store knows that it went back, so that it also reports lost messages that no later push replaced. */
  readonly tells: boolean;
  /** Makes sure that the next message has a different time of acceptance than the last. */
  tick(): Promise<void>;
  /** Saves the state of the running store. */
  mark(running: SessionStore): Promise<KeptState>;
  /** Called after the last store was closed. */
  close(): Promise<void>;
}

/** A store to continue with, not open yet, if the process of the running store has ended. */
type NextStore = SessionStore | undefined;

export interface KeptState {
  readonly next: NextStore;
  goBack(running: SessionStore): Promise<NextStore>;
}

interface Push {
  readonly value: number;
  readonly key: string | undefined;
  /**
   * The event after which the message was accepted. Taken when the push begins: a held poll may receive the message before
   * its publisher receives the result.
   */
  readonly acceptedAfter: number;
}

interface Mark {
  readonly id: string;
  readonly present: readonly Push[];
  readonly kept: KeptState;
}

/** The knowledge of one client, which never looks into the store. */
class Client {
  readonly received = new Set<unknown>();
  cursor = '';
  /** The latest event at which the client received `lost` or `reset`. */
  toldAt = -1;
  held: Cancellable | undefined;
}

/** Clients, a publisher and a store that forgets, with checks of the guarantees of the design. */
export class RollbackWorld {
  readonly #stage: RollbackStage;
  readonly #marks: Mark[] = [];
  readonly #readers = ['one', 'two'] as const;
  readonly #clients = { one: new Client(), two: new Client(), drain: new Client() };
  readonly #pushes: Push[] = [];
  #present: Push[] = [];
  #store: SessionStore;
  #room: WaitingRoom;
  #id = '';
  #events = 0;
  #hasSeam = false;
  #hasReplaced = false;
  #lateAcknowledgements: (() => void)[] = [];
  /** The error of a check in a receiver. Thrown later, because the room only reports errors of receivers. */
  #fault: Error | undefined;

  private constructor(stage: RollbackStage) {
    this.#stage = stage;
    this.#store = stage.store;
    this.#room = this.#newRoom();
  }

  static async open(stage: RollbackStage): Promise<RollbackWorld> {
    const world = new RollbackWorld(stage);
    await world.#store.open(world.#room);
    world.#id = await world.#login();
    // The readers are known from the start, because a new reader is not told what other readers took before.
    for (const reader of world.#readers) await world.poll(reader, 1);
    await world.drain(1, false);
    await world.mark();
    return world;
  }

  async push(key: string | undefined): Promise<void> {
    await this.#stage.tick();
    this.#events += 1;
    const value = this.#events;
    const json = JSON.stringify(value);
    const { verdict } = await this.#store.append(app, this.#id, { json, bytes: json.length, key });
    if (verdict === 'full') return;
    const push = { value, key: verdict === 'accepted' ? key : undefined, acceptedAfter: value };
    this.#pushes.push(push);
    this.#present.push(push);
  }

  /** @param arrives whether the client gets the answer */
  async poll(reader: 'one' | 'two', limit: number, arrives = true): Promise<Batch> {
    const client = this.#clients[reader];
    this.#endHold(client);
    const batch = await new Promise<Batch>((resolve, reject) => {
      const request = requirePollRequest({ after: client.cursor, reader, limit, wait: 0 }, this.#stage.context);
      this.#room.poll(app, this.#id, vouchedFor, request, { deliver: (found) => resolve(found), fail: reject });
    });
    if (arrives) this.#take(client, batch);
    return batch;
  }

  hold(reader: 'one' | 'two'): void {
    const client = this.#clients[reader];
    this.#endHold(client);
    const options = { after: client.cursor, reader, wait: holdTime };
    client.held = this.#room.poll(app, this.#id, vouchedFor, requirePollRequest(options, this.#stage.context), {
      deliver: (batch) => {
        client.held = undefined;
        this.#take(client, batch);
      },
      // The session was replaced.
      fail: () => {
        client.held = undefined;
      },
    });
  }

  /** @param isLate whether the acknowledgement is sent only after the next command */
  async drain(limit: number, isLate: boolean): Promise<Batch> {
    const client = this.#clients.drain;
    return new Promise<Batch>((resolve, reject) => {
      const request = requirePollRequest({ reader: 'drain', limit, wait: 0 }, this.#stage.context);
      this.#room.poll(app, this.#id, vouchedFor, request, {
        deliver: (batch, acknowledge) => {
          this.#take(client, batch);
          if (isLate && acknowledge !== undefined) this.#lateAcknowledgements.push(acknowledge);
          else acknowledge?.();
          resolve(batch);
        },
        fail: reject,
      });
    });
  }

  acknowledgeLate(): void {
    for (const acknowledge of this.#lateAcknowledgements.splice(0)) acknowledge();
  }

  async replace(): Promise<void> {
    const id = await this.#login();
    // Held polls may be notified before this call returns.
    this.#hasSeam = true;
    this.#hasReplaced = true;
    await this.#store.replace(app, id, this.#id);
    this.#id = id;
  }

  async mark(): Promise<void> {
    const kept = await this.#stage.mark(this.#store);
    this.#marks.push({ id: this.#id, present: [...this.#present], kept });
    await this.#goOnWith(kept.next);
  }

  async goBack(which: number): Promise<void> {
    const mark = this.#marks[which % this.#marks.length];
    if (mark === undefined) return;
    this.#hasSeam = true;
    const next = await mark.kept.goBack(this.#store);
    await this.#stage.tick();
    this.#id = mark.id;
    this.#present = [...mark.present];
    await this.#goOnWith(next);
  }

  async #goOnWith(next: NextStore): Promise<void> {
    if (next === undefined) return;
    // The process has ended, and with it the connections of its clients.
    for (const client of Object.values(this.#clients)) client.held = undefined;
    this.#store = next;
    this.#room = this.#newRoom();
    await this.#store.open(this.#room);
  }

  /** Notifies the node that it may have missed notices. */
  missed(): void {
    this.#room.missed();
  }

  /** Lets every client poll until there is nothing more. Then every message must be accounted for. */
  async settleUp(isRoomy: boolean): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault;
    for (const reader of this.#readers) {
      for (let batch = await this.poll(reader, 50); isNews(batch); ) batch = await this.poll(reader, 50);
    }
    for (let batch = await this.drain(50, false); isNews(batch); ) {
      await this.#store.ping();
      batch = await this.drain(50, false);
    }
    const owed = this.#stage.tells ? this.#pushes : this.#present;
    for (const reader of this.#readers) {
      const client = this.#clients[reader];
      const silent = owed.filter(
        (push) => !client.received.has(push.value) && client.toldAt < push.acceptedAfter && !this.#isReplaced(push),
      );
      assert.deepEqual(silent, [], `${reader} was neither given these messages nor told of them`);
    }
    if (!isRoomy || this.#hasReplaced) return;
    for (const [reader, { received }] of Object.entries(this.#clients)) {
      const missing = this.#present.filter((push) => !received.has(push.value) && !this.#isReplaced(push));
      assert.deepEqual(missing, [], `${reader} was not given these messages, though the store has room for all`);
    }
  }

  async close(): Promise<void> {
    await this.#room.drain();
    await this.#store.close();
    await this.#stage.close();
  }

  #isReplaced({ key, acceptedAfter }: Push): boolean {
    return key !== undefined && this.#present.some((other) => other.key === key && other.acceptedAfter > acceptedAfter);
  }

  #take(client: Client, { messages, cursor, lost, reset }: Batch): void {
    this.#events += 1;
    for (const { data } of messages) client.received.add(data);
    client.cursor = cursor;
    if (lost > 0 || reset) client.toldAt = this.#events;
    if (reset && !this.#hasSeam)
      this.#fault ??= new Error('A reader was told reset, although the store never went back');
  }

  #endHold(client: Client): void {
    client.held?.cancel();
    client.held = undefined;
  }

  #newRoom(): WaitingRoom {
    return new WaitingRoom(this.#stage.context, this.#store, this.#stage.clock, new SessionEvents());
  }

  async #login(): Promise<string> {
    const id = newId(this.#store.idPrefix(app, 'alice'));
    const secretHash = hashSecret(newSecret());
    const session = {
      app,
      id,
      accountId: 'alice',
      secretHash,
      ip: '',
      userAgent: '',
      ttl: 600_000,
      maxAge: 0,
      maxSession: 0,
    };
    await this.#store.insert({ ...session, attributes: Object.create(null) });
    return id;
  }
}

/** The identity for polls that need no token. */
const vouchedFor = { secretHash: undefined, generation: undefined };

function isNews({ messages, lost, reset }: Batch): boolean {
  return messages.length > 0 || lost > 0 || reset === true;
}
