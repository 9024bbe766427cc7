import { type Channel, page } from './surroundings.js';
import type { Exchange, Exchanger, Transport } from './transport.js';
import { type Batch, placeOf } from './wire.js';

/** How long a leader waits for a tab that takes nothing, and a tab for a sign of its leader. Milliseconds. */
const tabPatience = 10_000;
/** Batches that are given again to a tab that was away for a moment, as in a reload. */
const mostRecent = 50;

/**
 * What tabs say to each other. Others to the leader: `hello` and `taken`, with their place, `ping` and `bye`. The leader
 * to all: `lead`, `batch` with the place before it, `open`, `trouble` and `pong`.
 */
interface Note {
  readonly kind: 'hello' | 'taken' | 'ping' | 'bye' | 'lead' | 'batch' | 'open' | 'trouble' | 'pong';
  /** Who speaks to the leader. */
  readonly from?: string | undefined;
  /** Whom the leader means; undefined for all. */
  readonly to?: string | undefined;
  readonly cursor: string;
  readonly batch?: Batch | undefined;
}

/** A note of the leader, as far as it differs from one to all tabs. */
type LeaderNote = Pick<Note, 'kind'> & Partial<Note>;

/**
 * One connection for all tabs of a browser that read by cookie, and so read one session. The tab that has a lock leads: it
 * reads the mailbox, passes on what it receives, and acknowledges what every other tab has taken. The others wait for the
 * lock: the browser passes it on when the leader's tab ends or crashes, and a leader that gives no sign loses it. Without
 * locks or channels each tab reads for itself.
 */
export const shared =
  (transport: Transport): Transport =>
  () => {
    const exchanger = transport();
    let leader: Leader | undefined;
    return (exchange) => {
      const { navigator, BroadcastChannel } = page;
      const locks = navigator?.locks;
      if (exchange.token !== undefined || !locks || !BroadcastChannel) {
        return exchanger(exchange);
      }
      // What ends the latest exchange early ends the lead: the page leaves, or its connection may be dead.
      exchange.signal.addEventListener('abort', () => leader?.end());
      if (leader) return leader.lead(exchange, exchanger);
      const name = `session-mailbox:${exchange.base}`;
      return follow(exchange, new BroadcastChannel(name), (options, onLead) => {
        let lead: Leader | undefined;
        const granted = () => {
          if (exchange.signal.aborted) return;
          lead = new Leader(new BroadcastChannel(name), onLead());
          leader = lead;
          return lead.hasEnded;
        };
        // It rejects when the wait is given up, and when another tab has stolen the lock.
        const over = () => {
          lead?.end();
          if (leader === lead) leader = undefined;
        };
        locks.request(name, options, granted).then(over, over);
      });
    };
  };

/** @param onLead called when the tab is to lead; tells how far it is */
type LockRequest = (options: { signal?: AbortSignal; steal?: boolean }, onLead: () => string) => void;

/** Receives from the leader until this tab is to lead, or until there is trouble. */
async function follow(exchange: Exchange, channel: Channel, requestLock: LockRequest): Promise<void> {
  const { clock, signal } = exchange;
  const tab = Math.random().toString(36);
  const say = (kind: Note['kind'], cursor = '') => channel.postMessage({ kind, from: tab, cursor });
  const waiting = new AbortController();
  let place = exchange.after;
  let hasSign = true;
  let timer: { cancel(): void } | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      const onLead = () => {
        resolve();
        return place;
      };
      const look = () => {
        if (!hasSign) requestLock({ steal: true }, onLead);
        hasSign = false;
        say('ping');
        timer = clock.setTimer(tabPatience, look);
      };
      channel.onmessage = ({ data: { kind, to, cursor, batch } }: { readonly data: Note }) => {
        if (to && to !== tab) return;
        hasSign = true;
        if (kind === 'trouble') reject(new Error('The leading tab has trouble'));
        if (kind === 'open') exchange.opened();
        if (kind === 'lead') say('hello', place);
        if (!batch) return;
        try {
          exchange.deliver(seenFrom(place, cursor, batch));
          place = batch.cursor;
          // What is to follow it, the connection knows.
          if (exchange.hasPause()) resolve();
        } catch (error) {
          reject(error);
        }
      };
      exchange.onTaken((cursor) => say('taken', cursor));
      say('hello', place);
      look();
      requestLock({ signal: waiting.signal }, onLead);
    });
  } finally {
    waiting.abort();
    timer?.cancel();
    say('bye');
    channel.close();
  }
}

/** What a batch that begins behind `before` says to a tab that stands at `place`: perhaps it missed some. */
function seenFrom(place: string, before: string, batch: Batch): Batch {
  if (place === '' || before === '' || batch.reset) return batch;
  const mine = placeOf(place);
  const { epoch, offset } = placeOf(before);
  if (epoch !== mine.epoch) return { ...batch, reset: true };
  return { ...batch, lost: batch.lost + Math.max(0, offset - mine.offset) };
}

/** The tab that reads the mailbox for all. */
class Leader {
  readonly hasEnded: Promise<void>;
  readonly #channel: Channel;
  readonly #ended = new AbortController();
  /** How far the other tabs are, by their names. */
  readonly #places = new Map<string, string>();
  readonly #recent: LeaderNote[] = [];
  /** How far this tab is. */
  #cursor: string;
  #isOpen = false;
  #onTaken = () => {};

  constructor(channel: Channel, cursor: string) {
    this.#channel = channel;
    this.#cursor = cursor;
    this.hasEnded = new Promise((resolve) => this.#ended.signal.addEventListener('abort', () => resolve()));
    channel.onmessage = ({ data }: { readonly data: Note }) => this.#hear(data);
    // Tabs that followed another leader say hello again.
    this.#say({ kind: 'lead' });
  }

  end(): void {
    this.#ended.abort();
    this.#channel.close();
  }

  async lead(exchange: Exchange, exchanger: Exchanger): Promise<void> {
    const signal = AbortSignal.any([exchange.signal, this.#ended.signal]);
    let before = exchange.after;
    this.#cursor = before;
    try {
      await this.#allTaken(exchange, signal);
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
          const note: LeaderNote = { kind: 'batch', cursor: before, batch };
          before = batch.cursor;
          this.#say(note);
          if (batch.messages.length > 0 && this.#recent.push(note) > mostRecent) this.#recent.shift();
        },
        onTaken: (listener) => {
          this.#onTaken = () => this.#isTakenByAll && listener(this.#cursor);
          exchange.onTaken((cursor) => {
            this.#cursor = cursor;
            this.#onTaken();
          });
        },
      });
    } catch (error) {
      this.#isOpen = false;
      if (!signal.aborted) this.#say({ kind: 'trouble' });
      throw error;
    } finally {
      this.#onTaken = () => {};
    }
  }

  get #isTakenByAll(): boolean {
    return [...this.#places.values()].every((place) => place === this.#cursor);
  }

  /** A poll acknowledges. A tab that takes nothing is waited for no longer, until it takes what there is. */
  async #allTaken({ clock }: Exchange, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isTakenByAll) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        timer.cancel();
        resolve();
      };
      const timer = clock.setTimer(tabPatience, () => {
        for (const [tab, place] of this.#places) if (place !== this.#cursor) this.#places.delete(tab);
        resolve();
      });
      signal.addEventListener('abort', done);
      this.#onTaken = () => this.#isTakenByAll && done();
    });
    signal.throwIfAborted();
  }

  #open(): void {
    if (!this.#isOpen) this.#say({ kind: 'open' });
    this.#isOpen = true;
  }

  #hear({ kind, from: tab = '', cursor }: Note): void {
    if (kind === 'hello') this.#welcome(tab, cursor);
    if (kind === 'ping') this.#say({ kind: 'pong', to: tab });
    if (kind === 'bye') this.#places.delete(tab);
    if (kind === 'taken') this.#places.set(tab, cursor);
    this.#onTaken();
  }

  /** A tab that was away for a moment gets what it missed. Another one begins where this tab is. */
  #welcome(tab: string, cursor: string): void {
    this.#places.set(tab, this.#cursor);
    if (this.#isOpen) this.#say({ kind: 'open', to: tab });
    const { epoch, offset } = placeOf(cursor);
    for (const note of this.#recent) {
      const last = placeOf(note.batch?.cursor ?? '');
      if (last.epoch === epoch && last.offset > offset) this.#say({ ...note, to: tab });
    }
  }

  #say(note: LeaderNote): void {
    this.#channel.postMessage({ cursor: '', ...note });
  }
}
