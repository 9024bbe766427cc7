import type { Distribution } from '../measures/distribution.js';
import type { NodeMeasures } from '../measures/node-measures.js';
import type { MeasuresReading } from './read-measures.js';
import type { MeasureSource } from './source.js';

/** Value of the only series, or of each series by its label. */
export type Series = number | Readonly<Record<string, number>>;

/** A number of this node. */
export interface NumberMeasure {
  readonly kind: 'counter' | 'gauge';
  /** Name in snake case, without the prefix and without the suffixes that a metrics system adds. */
  readonly name: string;
  readonly unit: 'bytes' | undefined;
  /** The name of the only label. The set of its values is fixed. */
  readonly label: string | undefined;
  readonly help: string;
  read(reading: MeasuresReading): Series;
}

/** A gauge whose value comes from the store. */
export interface StoreMeasure {
  readonly name: string;
  /** As for `NumberMeasure`. */
  readonly label: string | undefined;
  readonly help: string;
  /** Resolves with `undefined` when there is no value now: the gauge is left out. Never rejects. */
  ask(source: MeasureSource): Promise<Series | undefined>;
}

/** Times, in seconds. */
export interface DurationMeasure {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  of(measures: NodeMeasures): Pick<Distribution<never>, 'bounds' | 'onObserve'>;
}

/** The prefix of every name. */
export const prefix = 'session_mailbox';

function counter(name: string, help: string, read: (reading: MeasuresReading) => number): NumberMeasure {
  return { kind: 'counter', name, unit: undefined, label: undefined, help, read };
}

function counterBy(
  label: string,
  name: string,
  help: string,
  read: (reading: MeasuresReading) => Readonly<Record<string, number>>,
): NumberMeasure {
  return { kind: 'counter', name, unit: undefined, label, help, read };
}

function gauge(name: string, help: string, read: (reading: MeasuresReading) => number): NumberMeasure {
  return { kind: 'gauge', name, unit: undefined, label: undefined, help, read };
}

/**
 * All numbers that the adapters export, in the order of the documentation. Each node counts its own work, so that sums
 * over the nodes of one store are right.
 */
export const numberMeasures: readonly NumberMeasure[] = [
  counter('sessions_created', 'Sessions created at this node: logins', ({ sessions }) => sessions.created),
  counterBy('reason', 'sessions_closed', 'Sessions closed by this node, by reason', ({ sessions }) => sessions.closed),
  counter('sessions_renewed', 'Renewals by an authentication or a touch', ({ sessions }) => sessions.renewed),
  counter('sessions_rotated', 'Tokens replaced', ({ sessions }) => sessions.rotated),
  counter('sessions_replaced', 'Sessions that took over another', ({ sessions }) => sessions.replaced),
  counterBy(
    'presence',
    'presence_changes',
    'Sessions that turned online or away',
    ({ sessions: { online, away } }) => ({
      online,
      away,
    }),
  ),
  counterBy(
    'verdict',
    'limits_met',
    'Logins of accounts at their limit, by verdict',
    ({ sessions }) => sessions.limits,
  ),
  counterBy(
    'kind',
    'bearers_refused',
    'Requests whose bearer was refused, by kind',
    ({ sessions }) => sessions.refused,
  ),
  gauge('polls_held', 'Polls held at this node now', ({ polls }) => polls.held),
  gauge('streams_held', 'Streams held at this node now: Server-Sent Events, WebSockets', ({ streams }) => streams.held),
  counterBy('transport', 'waits_begun', 'Polls and streams taken up', ({ polls, streams }) => ({
    poll: polls.arrived,
    stream: streams.arrived,
  })),
  counterBy('ending', 'polls_ended', 'Polls ended, by what they were answered', ({ polls }) => polls.ended),
  counterBy('ending', 'streams_ended', 'Streams ended, by the reason', ({ streams }) => streams.ended),
  counter('turned_away', 'Polls and streams sent away without a read', ({ turnedAway }) => turnedAway),
  counterBy('by', 'wake_ups', 'Parked polls and streams that were woken, by what', ({ wakeUps }) => wakeUps),
  counterBy('side', 'lane_polls', 'Polls of servers with a fast lane, by side', ({ lanePolls }) => lanePolls),
  counterBy('outcome', 'messages_pushed', 'Messages pushed, counted in mailboxes', ({ messages }) => messages.pushed),
  {
    ...counter('pushed', 'Bytes of the messages that mailboxes accepted', ({ messages }) => messages.pushedBytes),
    unit: 'bytes',
  },
  counterBy('verdict', 'overflows', 'Pushes to full mailboxes, by verdict', ({ messages }) => messages.overflows),
  counter('messages_displaced', 'Messages dropped to make room for newer ones', ({ messages }) => messages.displaced),
  counterBy(
    'transport',
    'messages_delivered',
    'Messages given to polls and streams',
    ({ messages }) => messages.delivered,
  ),
  {
    ...counterBy(
      'transport',
      'delivered',
      'Bytes given to polls and streams',
      ({ messages }) => messages.deliveredBytes,
    ),
    unit: 'bytes',
  },
  counter('messages_lost', 'Messages that readers were told they have missed', ({ messages }) => messages.lost),
  counter('resets', 'Readers that were told to start again', ({ messages }) => messages.resets),
  gauge('broadcasts_running', 'Broadcasts that this node works on', ({ broadcasts }) => broadcasts.running),
  counter('broadcasts', 'Broadcasts begun', ({ broadcasts }) => broadcasts.begun),
  counter('broadcast_chunks', 'Chunks of broadcasts that the store has served', ({ broadcasts }) => broadcasts.chunks),
  counter('broadcast_mailboxes', 'Mailboxes served by broadcasts', ({ broadcasts }) => broadcasts.mailboxes),
  counterBy(
    'sweep',
    'sessions_swept',
    'Sessions reclaimed (gc) or turned away (presence)',
    ({ sweeps }) => sweeps.sessions,
  ),
  counterBy('operation', 'store_errors', 'Store calls that failed, by operation', ({ store }) => store.errors),
  gauge('draining', '1 while this node holds no more polls because it is stopping, else 0', ({ isDraining }) =>
    isDraining ? 1 : 0,
  ),
];

/** Gauges that query the store at each collection, even if no request uses the store. */
export const storeMeasures: readonly StoreMeasure[] = [
  {
    name: 'store_up',
    label: undefined,
    help: '1 while the store can be used, else 0',
    ask: async (source) => ((await source.isStoreUp()) ? 1 : 0),
  },
  {
    name: 'sessions',
    label: undefined,
    help: 'Sessions kept of the app of the manager, over all nodes',
    ask: (source) => source.countSessions(),
  },
  {
    name: 'sessions_by_presence',
    label: 'presence',
    help: 'Sessions kept of all apps, over all nodes, by the presence that was reported last',
    ask: async (source) => {
      const counts = await source.countPresence();
      return counts && { online: counts.online, away: counts.away };
    },
  },
];

export const durationMeasures: readonly DurationMeasure[] = [
  {
    name: 'delivery_latency',
    label: 'way',
    help: 'From the acceptance of a message to its hand-over to the poll or stream, by way',
    of: (measures) => measures.deliveryLatency,
  },
  {
    name: 'store_call_duration',
    label: 'operation',
    help: 'Time of a store call, by operation',
    of: (measures) => measures.storeLatency,
  },
  {
    name: 'sweep_duration',
    label: 'sweep',
    help: 'Time of a whole round of background work',
    of: (measures) => measures.sweepDuration,
  },
];
