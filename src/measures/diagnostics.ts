import { type Channel, channel, type TracingChannel, tracingChannel } from 'node:diagnostics_channel';
import type { DeliveryWay, Ending, StoreOperation, Sweep } from './kinds.js';

/** A channel of `node:diagnostics_channel` whose messages have one type. */
export class DiagnosticsChannel<Payload> {
  readonly name: string;
  // The registry of Node keeps a channel only weakly.
  readonly #channel: Channel;

  /** @param name what follows `session-mailbox:` */
  constructor(name: string) {
    this.name = `session-mailbox:${name}`;
    this.#channel = channel(this.name);
  }

  /** Whether somebody subscribes. Ask before the payload is made, so that it costs nothing otherwise. */
  get isHeard(): boolean {
    return this.#channel.hasSubscribers;
  }

  publish(payload: Payload): void {
    this.#channel.publish(payload);
  }
}

export interface PushDiagnostics {
  readonly app: string;
  readonly target: 'session' | 'account' | 'app';
  /** The session's id or the account's, by `target`; `undefined` for a push to the app. */
  readonly to: string | undefined;
  readonly key: string | undefined;
  /** Of the message's JSON. */
  readonly bytes: number;
  /** Mailboxes, as in `PushReport`. */
  readonly accepted: number;
  readonly dropped: number;
  readonly refused: number;
}

/** A poll, or a stream. */
interface WaiterDiagnostics {
  readonly app: string;
  readonly id: string;
  readonly reader: string;
  readonly transport: 'poll' | 'stream';
}

export interface HeldDiagnostics extends WaiterDiagnostics {
  /** Milliseconds for which it is parked at most; a stream is then parked again. */
  readonly wait: number;
}

export interface DeliveryDiagnostics extends WaiterDiagnostics {
  readonly way: DeliveryWay;
  /** How many. */
  readonly messages: number;
  readonly bytes: number;
  readonly lost: number;
  readonly reset: boolean;
  /** Milliseconds since the oldest of the messages was accepted; 0 without messages. */
  readonly latency: number;
}

export interface AnsweredDiagnostics extends WaiterDiagnostics {
  readonly ending: Ending;
}

export interface SweepDiagnostics {
  readonly kind: Sweep;
  /** Sessions that were reclaimed or turned `away`. */
  readonly count: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** What a node tells beside its events, each of which has a channel of its own name. */
export const diagnostics = {
  push: new DiagnosticsChannel<PushDiagnostics>('push'),
  held: new DiagnosticsChannel<HeldDiagnostics>('poll.held'),
  delivery: new DiagnosticsChannel<DeliveryDiagnostics>('delivery'),
  answered: new DiagnosticsChannel<AnsweredDiagnostics>('poll.answered'),
  sweep: new DiagnosticsChannel<SweepDiagnostics>('sweep'),
} as const;

export interface StoreCallDiagnostics {
  readonly operation: StoreOperation;
}

/** Traces each call of a store that is observed, as a promise: `tracing:session-mailbox:store:start` and so on. */
export const storeTracing: TracingChannel<string, StoreCallDiagnostics> = tracingChannel('session-mailbox:store');
