import { setMaxListeners } from 'node:events';
import test from 'ava';
import { eventSource, type Source, type SourceEvent } from '../../src/client/event-source.js';
import { eventually } from '../support/eventually.js';
import { ClientStage, next, takeAll } from './client-stage.js';

/**
 * An `EventSource` over `fetch` like that of react-native-sse: it has no `onopen` and no `onerror`, takes headers, and
 * reports an event without data neither at all nor by another event.
 */
class ListeningSource implements Source {
  readonly #listeners = new Map<string, ((event: SourceEvent) => void)[]>();
  readonly #end = new AbortController();

  constructor(url: string, options: { readonly headers?: Record<string, string> }) {
    setMaxListeners(0, this.#end.signal);
    this.#read(url, options.headers ?? {}).catch(() => this.#emit({ type: 'error' }));
  }

  addEventListener(type: string, listener: (event: SourceEvent) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  close(): void {
    this.#listeners.clear();
    this.#end.abort();
  }

  async #read(url: string, headers: Record<string, string>): Promise<void> {
    const response = await fetch(url, { headers, signal: this.#end.signal });
    if (response.status !== 200 || response.body === null) throw new Error(`Status ${response.status}`);
    this.#emit({ type: 'open' });
    let text = '';
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      const events = (text + piece).split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) this.#report(event);
    }
    throw new Error('The stream has ended');
  }

  #report(event: string): void {
    const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(event)?.[1];
    const data = field('data');
    if (data !== undefined) this.#emit({ type: field('event') ?? 'message', data, lastEventId: field('id') ?? null });
  }

  #emit(event: SourceEvent): void {
    for (const listener of this.#listeners.get(event.type) ?? []) listener(event);
  }
}

const transport = eventSource(ListeningSource);

test('an EventSource without onopen and onerror is enough: the client opens, and notices a broken connection', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect({ transport, reader: 'tab' });
  const { taken } = takeAll(mailbox);
  for (const data of ['one', 'two']) {
    await eventually(() => mailbox.state === 'open');
    await stage.push(data);
    await eventually(() => taken.includes(data));
    const waiting = next(mailbox, 'waiting');
    stage.kit.server.node.closeAllConnections();
    await waiting;
  }
  t.deepEqual(taken, ['one', 'two']);
});

test('with such an EventSource the client learns why its session has ended', async (t) => {
  const stage = await ClientStage.start(t);
  await stage.session.close('evicted');
  const mailbox = stage.connect({ transport, reader: 'tab' });
  await takeAll(mailbox).end;
  t.is(mailbox.closed?.code, 'evicted');
});
