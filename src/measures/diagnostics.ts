import { type Channel, channel, tracingChannel } from 'node:diagnostics_channel';
import type { DeliveryWay, Ending, StoreOperation, Sweep } from './kinds.js';

/** A channel of `node:diagnostics_channel` whose messages have one type. */
export class DiagnosticsChannel<Payload> {
  readonly name: string;
  // Keep a reference: the registry of Node holds a channel only weakly.
  readonly #channel: Channel;

  /** @param name the name after `session-mailbox:` */
  constructor(name: string) {
    this.name = `session-mailbox:${name}`;
    this.#channel = channel(this.name);
  }

  /** Whether there is a subscriber. Check it before you create the payload, which then costs nothing without one. */
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
  /** The id of the session or of the account, by `target`; `undefined` for a push to the app. */
  readonly to: string | undefined;
  readonly key: string | undefined;
  /** Length of the message's JSON in UTF-8. */
  readonly bytes: number;
  /** Numbers of mailboxes, as in `PushReport`. */
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
  /** Maximum time for which the poll is parked, in milliseconds. A stream is then parked again. */
  readonly wait: number;
}

export interface DeliveryDiagnostics extends WaiterDiagnostics {
  readonly way: DeliveryWay;
  /** Number of messages. */
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
  /** Number of sessions that were reclaimed or turned `away`. */
  readonly count: number;
  /** Duration of the round, in milliseconds. */
  readonly duration: number;
}

/** The channels of a node in addition to its events. Each event has a separate channel with its name. */
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

/** The members of Node's `TracingChannel` that are used. Releases of `@types/node` disagree on the order of its type parameters. */
export interface StoreTracing {
  readonly hasSubscribers: boolean;
  tracePromise<Result>(call: () => Promise<Result>, context: StoreCallDiagnostics): Promise<Result>;
}

/** Traces the promise of each call of an observed store: `tracing:session-mailbox:store:start` and so on. */
export const storeTracing: StoreTracing = tracingChannel('session-mailbox:store');
