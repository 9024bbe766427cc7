import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { until } from './http-kit.js';

/** An event as an `EventSource` receives it. */
export interface WireEvent {
  readonly type: string;
  readonly id: string;
  readonly data: string;
}

/** The response to `GET /events`, over HTTP/1 or HTTP/2. */
export interface EventResponse extends Readable {
  readonly statusCode?: number | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** A client of Server-Sent Events that parses the stream according to the standard. */
export class EventStream {
  readonly response: EventResponse;
  readonly events: WireEvent[] = [];
  heartbeats = 0;
  lastEventId = '';
  retry: number | undefined;
  hasEnded = false;
  #rest = '';
  #type = '';
  #id: string | undefined;
  #data: string[] = [];

  private constructor(response: EventResponse) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.#take(text));
    response.on('close', () => {
      this.hasEnded = true;
    });
    response.on('error', () => {});
  }

  static over(response: EventResponse): EventStream {
    return new EventStream(response);
  }

  static open(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<EventStream> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({ host: '127.0.0.1', port, path, headers, agent: false });
      request.on('response', (response) => resolve(new EventStream(response)));
      request.on('error', reject);
      request.end();
    });
  }

  get messages(): readonly { readonly offset: number; readonly at: number; readonly data: unknown }[] {
    return this.events.filter(({ type }) => type === 'message').map(({ data }) => JSON.parse(data));
  }

  get data(): readonly unknown[] {
    return this.messages.map(({ data }) => data);
  }

  of(type: string): readonly unknown[] {
    return this.events.filter((event) => event.type === type).map(({ data }) => JSON.parse(data));
  }

  async until(condition: (stream: EventStream) => boolean): Promise<void> {
    await until(() => condition(this));
  }

  close(): void {
    this.response.destroy();
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch();
      return;
    }
    if (line.startsWith(':')) {
      this.heartbeats += 1;
      return;
    }
    const [, name, value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === 'id') this.#id = value;
    else if (name === 'event') this.#type = value;
    else if (name === 'data') this.#data.push(value);
    else if (name === 'retry') this.retry = Number(value);
    else throw new Error(`a field that no client knows: ${line}`);
  }

  #dispatch(): void {
    if (this.#id !== undefined) this.lastEventId = this.#id;
    if (this.#data.length > 0) {
      const type = this.#type === '' ? 'message' : this.#type;
      this.events.push({ type, id: this.lastEventId, data: this.#data.join('\n') });
    }
    this.#type = '';
    this.#data = [];
  }
}
