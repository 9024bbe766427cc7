import { type Channel, type ClientClock, page } from './surroundings.js';
import { type Exchange, type Exchanger, patience, type Transport, unlessAborted } from './transport.js';
import { type Batch, placeOf } from './wire.js';

/**
 * Maximum number of batches that the leader repeats for a tab that was away for a moment, for example during a reload.
 */
const mostRecent = 50;

/**
 * A note from tab to tab. The leader sends `lead`, `batch` with the cursor before the batch, `open`, `trouble` and
 * `pong`. The other tabs send to the leader: `join` and `taken` with their cursor, `ping` and `bye`.
 */
interface Note extends Partial<Passed> {
  readonly kind: 'join' | 'taken' | 'ping' | 'bye' | 'lead' | 'batch' | 'open' | 'trouble' | 'pong';
  /** Name of the tab that sends the note to the leader. */
  readonly from?: string;
  /** Name of the tab that should read a note of the leader; undefined for all tabs. */
  readonly to?: string | undefined;
}

/** A note to the leader. */
interface TabNote extends Note {
  readonly from: string;
  readonly cursor: string;
}

/** A batch that the leader has passed on, and the cursor before it. */
interface Passed {
  readonly cursor: string;
  readonly batch: Batch;
}

/**
 * Transport with one connection for all tabs of a browser that read by cookie. All these tabs read the same session.
 * The tab that holds a lock is the leader: it reads the mailbox, forwards what it receives to the other tabs, and
 * acknowledges what all tabs have taken. The other tabs wait for the lock. The browser passes the lock on when the
 * leader's tab ends or crashes. If the leader sends no note for too long, another tab steals the lock. A leader whose
 * application takes no messages reads nothing, and stops leading. Without locks or channels, each tab reads for itself,
 * and so does each client outside of pages and their workers.
 */
export const shared =
  (transport: Transport): Transport =>
  () => {
    const exchanger = transport();
    let leader: Leader | undefined;
    let isDenied = false;
    return (exchange) => {
      const { navigator, BroadcastChannel, location } = page;
      const locks = navigator?.locks;
      // Node has locks and channels, too, but no cookies: its clients may read different sessions.
      if (isDenied || exchange.token !== undefined || !location || !locks || !BroadcastChannel) {
        return exchanger(exchange);
      }
      // If the latest exchange is aborted, the lead ends, too: the page leaves, or its connection may be dead.
      exchange.signal.addEventListener('abort', () => leader?.end());
      if (leader?.ended.signal.aborted === false) return leader.lead(exchange, exchanger);
      const name = `session-mailbox:${exchange.base}`;
      return follow(exchange, new BroadcastChannel(name), (options, onLead) => {
        let lead: Leader | undefined;
        const granted = () => {
          if (exchange.signal.aborted) return;
          lead = new Leader(new BroadcastChannel(name), onLead(), exchange.clock);
          leader = lead;
          // The browser takes the lock back when this promise rejects.
          return unlessAborted<never>(lead.ended.signal, () => {});
        };
        const held = locks.request(name, options, granted).finally(() => lead?.end());
        held.catch(({ name }) => {
          // The tab stopped waiting for the lock, the lead ended, or another tab stole the lock.
          if (name === 'AbortError') return;
          // The browser may deny locks to a page, for example in a frame of another site.
          isDenied = true;
          onLead();
        });
      });
    };
  };

/** @param onLead called when the tab must read the mailbox itself; returns the cursor of the tab */
type LockRequest = (options: { signal?: AbortSignal; steal?: boolean }, onLead: () => string) => void;

/**
 * Receives batches from the leader until this tab must read the mailbox itself, or until the leader reports trouble.
 */
async function follow(exchange: Exchange, channel: Channel, requestLock: LockRequest): Promise<void> {
  const { clock, signal } = exchange;
  const tab = Math.random().toString(36);
  const say = (kind: Note['kind'], cursor = '') => channel.postMessage({ kind, from: tab, cursor } satisfies TabNote);
  let place = exchange.after;
  let hasSign = true;
  let timer: { cancel(): void } | undefined;
  try {
    await unlessAborted<void>(signal, (resolve, reject, over) => {
      const onLead = () => {
        resolve();
        return place;
      };
      const look = () => {
        if (!hasSign) requestLock({ steal: true }, onLead);
        hasSign = false;
        say('ping');
        timer = clock.setTimer(patience, look);
      };
      channel.onmessage = ({ data: { kind, from, to, cursor, batch } }: { readonly data: Note }) => {
        // A note of another tab shows nothing about the leader.
        if (from || (to && to !== tab)) return;
        hasSign = true;
        if (kind === 'trouble') reject(new Error(kind));
        if (kind === 'open') exchange.opened();
        if (kind === 'lead') say('join', place);
        if (!batch) return;
        try {
          exchange.deliver(seenFrom(place, cursor, batch));
          place = batch.cursor;
          // The batch asks for a pause, which the connection makes.
          if (exchange.hasPause()) resolve();
        } catch (error) {
          reject(error);
        }
      };
      exchange.onTaken((cursor) => say('taken', cursor));
      say('join', place);
      look();
      requestLock({ signal: over }, onLead);
    });
  } finally {
    timer?.cancel();
    // Remove the listener: the closed channel would throw when the application takes the next message.
    exchange.onTaken(() => {});
    say('bye');
    channel.close();
  }
}

/**
 * Adapts a batch that begins after the cursor `before` to a tab with the cursor `place`, which may have missed
 * messages.
 */
function seenFrom(place: string, before: string | undefined, batch: Batch): Batch {
  if (!place || !before || batch.reset) return batch;
  const mine = placeOf(place);
  const { epoch, offset } = placeOf(before);
  if (epoch !== mine.epoch) return { ...batch, reset: true };
  return { ...batch, lost: batch.lost + Math.max(0, offset - mine.offset) };
}

/** The tab that reads the mailbox for all tabs. */
class Leader {
  /** Aborted when the lead ends. */
  readonly ended = new AbortController();
  readonly #channel: Channel;
  readonly #clock: ClientClock;
  /** Cursors of the other tabs, by their names. */
  readonly #places = new Map<string, string>();
  readonly #recent: Passed[] = [];
  /** Cursor of this tab. */
  #cursor: string;
  /** Cursor after the latest batch that the other tabs were given. */
  #given: string;
  #isOpen = false;
  /** Called when every other tab has the same cursor as this tab. */
  #onTaken: () => void = () => {};
  /** Timer for the case that a tab has taken nothing for a long time. */
  #timer: { cancel(): void } | undefined;

  constructor(channel: Channel, cursor: string, clock: ClientClock) {
    this.#channel = channel;
    this.#cursor = this.#given = cursor;
    this.#clock = clock;
    channel.onmessage = ({ data }: { readonly data: TabNote }) => this.#hear(data);
    // Tabs that followed another leader send `join` again.
    this.#say('lead');
    this.#inPatience(this.end);
  }

  readonly end = (): void => {
    this.#timer?.cancel();
    this.ended.abort();
    this.#channel.close();
  };

  async lead(exchange: Exchange, exchanger: Exchanger): Promise<void> {
    // An abort of the exchange ends the lead, so the signal of the lead covers both.
    const { signal } = this.ended;
    let acknowledged = exchange.after;
    this.#cursor = this.#given = acknowledged;
    try {
      this.#inPatience(this.#leaveSlow);
      // A poll acknowledges the messages before its cursor. Wait until all tabs have taken them.
      await unlessAborted<void>(signal, (resolve) => {
        this.#onTaken = resolve;
        this.#look();
      });
      await exchanger({
        ...exchange,
        signal,
        opened: () => {
          this.#open();
          exchange.opened();
        },
        deliver: (batch) => {
          exchange.deliver(batch);
          this.#open();
          const passed: Passed = { cursor: this.#given, batch };
          this.#given = batch.cursor;
          this.#say('batch', undefined, passed);
          if (batch.messages.length > 0 && this.#recent.push(passed) > mostRecent) this.#recent.shift();
        },
        onTaken: (listener) => {
          this.#onTaken = () => {
            if (acknowledged === this.#cursor) return;
            acknowledged = this.#cursor;
            listener(acknowledged);
          };
          exchange.onTaken((cursor) => {
            this.#cursor = cursor;
            this.#look();
          });
        },
      });
    } catch (error) {
      this.#isOpen = false;
      if (!signal.aborted) this.#say('trouble');
      throw error;
    } finally {
      this.#onTaken = () => {};
      // If this tab does not begin the next exchange in time, another tab can take the lead.
      if (!signal.aborted) this.#inPatience(this.end);
    }
  }

  #look(): void {
    if ([...this.#places.values()].every((place) => place === this.#cursor)) this.#onTaken();
  }

  /** Stops waiting for each tab that takes nothing, until the tab takes messages again. */
  readonly #leaveSlow = (): void => {
    for (const [tab, place] of this.#places) if (place !== this.#cursor) this.#places.delete(tab);
    this.#look();
    this.#inPatience(this.#leaveSlow);
  };

  /** Calls `follow` after `patience`, instead of the function that was set before. */
  #inPatience(follow: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(patience, follow);
  }

  #open(): void {
    if (!this.#isOpen) this.#say('open');
    this.#isOpen = true;
  }

  #hear({ kind, from: tab, cursor }: TabNote): void {
    if (kind === 'join') this.#welcome(tab, cursor);
    if (kind === 'ping') this.#say('pong', tab);
    if (kind === 'bye') this.#places.delete(tab);
    if (kind === 'taken') this.#places.set(tab, cursor);
    this.#look();
  }

  /**
   * Sends the missed batches to a tab that was away for a moment. Any other tab begins with the next batch. It is told its
   * place by an empty batch: without a place it would miss what a leader reads before the tab follows that leader.
   */
  #welcome(tab: string, cursor: string): void {
    // This tab may not have taken the latest batch. A tab that does not get that batch will never report it as taken.
    this.#places.set(tab, this.#given);
    if (this.#isOpen) {
      this.#say('open', tab, cursor ? undefined : { cursor, batch: { messages: [], lost: 0, cursor: this.#given } });
    }
    const { epoch, offset } = placeOf(cursor);
    for (const passed of this.#recent) {
      const last = placeOf(passed.batch.cursor);
      if (last.epoch === epoch && last.offset > offset) {
        this.#places.set(tab, this.#cursor);
        this.#say('batch', tab, passed);
      }
    }
  }

  /** @param to the tab that should read the note; undefined for all tabs */
  #say(kind: Note['kind'], to?: string, passed?: Passed): void {
    this.#channel.postMessage({ kind, to, ...passed } satisfies Note);
  }
}
