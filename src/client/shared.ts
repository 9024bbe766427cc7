import { type Channel, type ClientClock, page } from './surroundings.js';
import { type Exchange, type Exchanger, type Transport, unlessAborted } from './transport.js';
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
  readonly cursor?: string;
  readonly batch?: Batch | undefined;
}

/**
 * One connection for all tabs of a browser that read by cookie, and so read one session. The tab that has a lock leads: it
 * reads the mailbox, passes on what it receives, and acknowledges what every other tab has taken. The others wait for the
 * lock: the browser passes it on when the leader's tab ends or crashes, and a leader that gives no sign loses it. Without
 * locks or channels each tab reads for itself. A leader that takes nothing, and so reads nothing, leads no longer.
 */
export const shared =
  (transport: Transport): Transport =>
  () => {
    const exchanger = transport();
    let leader: Leader | undefined;
    let isDenied = false;
    return (exchange) => {
      const { navigator, BroadcastChannel } = page;
      const locks = navigator?.locks;
      if (isDenied || exchange.token !== undefined || !locks || !BroadcastChannel) {
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
          lead = new Leader(new BroadcastChannel(name), onLead(), exchange.clock);
          leader = lead;
          return lead.hasEnded;
        };
        const over = () => {
          lead?.end();
          if (leader === lead) leader = undefined;
        };
        locks.request(name, options, granted).then(over, ({ name }) => {
          over();
          // When the wait is given up, when the lead ends, and when another tab has stolen the lock.
          if (name === 'AbortError') return;
          // Pages may be denied locks, as in a frame of another site.
          isDenied = true;
          onLead();
        });
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
    await unlessAborted<void>(signal, (resolve, reject) => {
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
      channel.onmessage = ({ data: { kind, to, cursor = '', batch } }: { readonly data: Note }) => {
        if (to && to !== tab) return;
        hasSign = true;
        if (kind === 'trouble') reject(new Error('The leader has trouble'));
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
    // A closed channel would throw where the application takes a message just now.
    exchange.onTaken(() => {});
    say('bye');
    channel.close();
  }
}

/** What a batch that begins behind `before` says to a tab that stands at `place`: perhaps it missed some. */
function seenFrom(place: string, before: string, batch: Batch): Batch {
  if (!place || !before || batch.reset) return batch;
  const mine = placeOf(place);
  const { epoch, offset } = placeOf(before);
  if (epoch !== mine.epoch) return { ...batch, reset: true };
  return { ...batch, lost: batch.lost + Math.max(0, offset - mine.offset) };
}

/** The tab that reads the mailbox for all. */
class Leader {
  readonly #ended = new AbortController();
  /** Rejects. */
  readonly hasEnded = unlessAborted<never>(this.#ended.signal, () => {});
  readonly #channel: Channel;
  readonly #clock: ClientClock;
  /** How far the other tabs are, by their names. */
  readonly #places = new Map<string, string>();
  readonly #recent: Note[] = [];
  /** How far this tab is. */
  #cursor: string;
  #isOpen = false;
  /** What follows when every tab is here. */
  #onTaken: () => void = () => {};
  /** Of what follows when tabs have taken nothing for long. */
  #timer: { cancel(): void } | undefined;

  constructor(channel: Channel, cursor: string, clock: ClientClock) {
    this.#channel = channel;
    this.#cursor = cursor;
    this.#clock = clock;
    channel.onmessage = ({ data }: { readonly data: Note }) => this.#hear(data);
    // Tabs that followed another leader say hello again.
    this.#say({ kind: 'lead' });
    this.#inPatience(this.end);
  }

  readonly end = (): void => {
    this.#timer?.cancel();
    this.#ended.abort();
    this.#channel.close();
  };

  async lead(exchange: Exchange, exchanger: Exchanger): Promise<void> {
    // What ends the exchange ends the lead.
    const { signal } = this.#ended;
    let before = exchange.after;
    let acknowledged = before;
    this.#cursor = before;
    try {
      this.#inPatience(this.#leaveSlow);
      // A poll acknowledges.
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
          const note: Note = { kind: 'batch', cursor: before, batch };
          before = batch.cursor;
          this.#say(note);
          if (batch.messages.length > 0 && this.#recent.push(note) > mostRecent) this.#recent.shift();
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
      if (!signal.aborted) this.#say({ kind: 'trouble' });
      throw error;
    } finally {
      this.#onTaken = () => {};
      // Whatever keeps this tab from the next exchange, others can read.
      if (!signal.aborted) this.#inPatience(this.end);
    }
  }

  #look(): void {
    if ([...this.#places.values()].every((place) => place === this.#cursor)) this.#onTaken();
  }

  /** A tab that takes nothing is waited for no longer, until it takes what there is. */
  readonly #leaveSlow = (): void => {
    for (const [tab, place] of this.#places) if (place !== this.#cursor) this.#places.delete(tab);
    this.#look();
    this.#inPatience(this.#leaveSlow);
  };

  /** In place of what was to follow before. */
  #inPatience(follow: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(tabPatience, follow);
  }

  #open(): void {
    if (!this.#isOpen) this.#say({ kind: 'open' });
    this.#isOpen = true;
  }

  #hear({ kind, from: tab = '', cursor = '' }: Note): void {
    if (kind === 'hello') this.#welcome(tab, cursor);
    if (kind === 'ping') this.#say({ kind: 'pong', to: tab });
    if (kind === 'bye') this.#places.delete(tab);
    if (kind === 'taken') this.#places.set(tab, cursor);
    this.#look();
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

  #say(note: Note): void {
    this.#channel.postMessage(note);
  }
}
