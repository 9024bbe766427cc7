import { metrics as api, type BatchObservableResult, type Meter, type Observable } from '@opentelemetry/api';
import * as v from 'valibot';
import type { SessionManager } from '../service/session-manager.js';
import { checkOptions, objectWith, trueOrFalse } from '../validation/options.js';
import {
  durationMeasures,
  type NumberMeasure,
  numberMeasures,
  prefix,
  type Series,
  storeMeasures,
} from './measure-table.js';
import { MeasureSource } from './source.js';

/** Every field is optional. */
export interface OpenTelemetryOptions {
  /** The meter that creates the instruments. Default: `session-mailbox` of the global meter provider. */
  readonly meter?: Meter;
  /** Whether store calls are timed, which costs about half a microsecond for each call. Default true. */
  readonly storeCalls?: boolean;
}

const known = {
  meter: v.optional(objectWith<Meter>('createObservableCounter', 'createHistogram', 'addBatchObservableCallback')),
  storeCalls: v.optional(trueOrFalse(), true),
};

/**
 * Creates the instruments of this node, for all apps, with OpenTelemetry's API: `session_mailbox.polls_held` and so on.
 * Counters and gauges are read when the meter's readers collect. Histograms record values from now on.
 *
 * @returns a function that ends the observation
 * @throws SessionError `INVALID_CONTEXT`, `INVALID_ARGUMENT`
 */
export function metrics(manager: SessionManager, options: OpenTelemetryOptions = {}): () => void {
  const checked = checkOptions({ front: 'metrics', known }, options);
  const meter = checked.meter ?? api.getMeter('session-mailbox');
  const source = new MeasureSource(manager, checked.storeCalls);
  const numbers = numberMeasures.map((measure) => [measure, instrumentOf(meter, measure)] as const);
  const gauges = storeMeasures.map(({ name, label, help, ask }) => {
    return { label, ask, instrument: meter.createObservableGauge(`${prefix}.${name}`, { description: help }) };
  });
  const observe: Parameters<Meter['addBatchObservableCallback']>[0] = async (result) => {
    const { reading } = source;
    for (const [{ label, read }, instrument] of numbers) observeSeries(result, instrument, label, read(reading));
    const answers = await Promise.all(gauges.map(({ ask }) => ask(source)));
    for (const [index, { instrument, label }] of gauges.entries()) {
      const series = answers[index];
      if (series !== undefined) observeSeries(result, instrument, label, series);
    }
  };
  const observables: Observable[] = [
    ...numbers.map(([, instrument]) => instrument),
    ...gauges.map(({ instrument }) => instrument),
  ];
  meter.addBatchObservableCallback(observe, observables);
  const ends = durationMeasures.map(({ name, label, help, of }) => {
    const distribution = of(source.measures);
    const advice = { explicitBucketBoundaries: [...distribution.bounds] };
    const histogram = meter.createHistogram(`${prefix}.${name}`, { unit: 's', description: help, advice });
    return distribution.onObserve((kind, value) => histogram.record(value, { [label]: kind }));
  });
  return () => {
    meter.removeBatchObservableCallback(observe, observables);
    for (const end of ends) end();
  };
}

function observeSeries(result: BatchObservableResult, instrument: Observable, label = '', series: Series): void {
  if (typeof series === 'number') result.observe(instrument, series);
  else for (const [kind, value] of Object.entries(series)) result.observe(instrument, value, { [label]: kind });
}

function instrumentOf(meter: Meter, { kind, name, unit, help }: NumberMeasure): Observable {
  const settings = { description: help, ...(unit === 'bytes' && { unit: 'By' }) };
  const full = `${prefix}.${name}`;
  return kind === 'counter'
    ? meter.createObservableCounter(full, settings)
    : meter.createObservableGauge(full, settings);
}
