import { Counter, Gauge, Histogram, type Registry, register } from 'prom-client';
import * as v from 'valibot';
import type { SessionManager } from '../service/session-manager.js';
import { checkOptions, objectWith, trueOrFalse } from '../validation/options.js';
import {
  durationMeasures,
  type NumberMeasure,
  numberMeasures,
  prefix,
  type Series,
  type StoreMeasure,
  storeMeasures,
} from './measure-table.js';
import { MeasureSource } from './source.js';

/** Every field is optional. */
export interface PrometheusOptions {
  /** The registry of the metrics. Default: the global registry of prom-client. */
  readonly registry?: Registry;
  /** Whether store calls are timed, which costs about half a microsecond for each call. Default true. */
  readonly storeCalls?: boolean;
}

const known = {
  registry: v.optional(objectWith<Registry>('registerMetric', 'removeSingleMetric', 'metrics')),
  storeCalls: v.optional(trueOrFalse(), true),
};

/**
 * Registers the metrics of this node, for all apps, with prom-client. They are collected when the registry is read. Two
 * services in one process need separate registries.
 *
 * @returns a function that removes the metrics again
 * @throws SessionError `INVALID_CONTEXT`, `INVALID_ARGUMENT`; the error of prom-client if the registry has one of the names
 */
export function metrics(manager: SessionManager, options: PrometheusOptions = {}): () => void {
  const { registry = register, storeCalls } = checkOptions({ front: 'metrics', known }, options);
  const source = new MeasureSource(manager, storeCalls);
  const registers = [registry];
  const names: string[] = [];
  const ends: (() => void)[] = [];
  const remove = () => {
    for (const end of ends) end();
    for (const name of names) registry.removeSingleMetric(name);
  };
  try {
    for (const measure of numberMeasures) names.push(registerNumber(measure, source, registers));
    for (const measure of storeMeasures) names.push(registerOfStore(measure, source, registers));
    for (const { name, label, help, of } of durationMeasures) {
      const distribution = of(source.measures);
      const full = `${prefix}_${name}_seconds`;
      const buckets = [...distribution.bounds];
      const histogram = new Histogram({ name: full, help, labelNames: [label], buckets, registers });
      names.push(full);
      ends.push(distribution.onObserve((kind, value) => histogram.observe({ [label]: kind }, value)));
    }
  } catch (error) {
    // A name is taken. With a part of the metrics in the registry, a second call would fail at the first of them.
    remove();
    throw error;
  }
  return remove;
}

/** Returns the name of a number in Prometheus. */
export function prometheusName({ kind, name, unit }: NumberMeasure): string {
  return [prefix, name, unit, kind === 'counter' ? 'total' : undefined].filter((part) => part !== undefined).join('_');
}

function registerNumber(measure: NumberMeasure, source: MeasureSource, registers: Registry[]): string {
  const name = prometheusName(measure);
  const { help, label, read } = measure;
  const settings = { name, help, labelNames: label === undefined ? [] : [label], registers };
  if (measure.kind === 'gauge') {
    new Gauge({
      ...settings,
      collect() {
        for (const [labels, value] of samplesOf(read(source.reading), label)) this.set(labels, value);
      },
    });
  } else {
    new Counter({
      ...settings,
      collect() {
        this.reset();
        for (const [labels, value] of samplesOf(read(source.reading), label)) this.inc(labels, value);
      },
    });
  }
  return name;
}

function registerOfStore(
  { name, label, help, ask }: StoreMeasure,
  source: MeasureSource,
  registers: Registry[],
): string {
  const full = `${prefix}_${name}`;
  new Gauge({
    name: full,
    help,
    labelNames: label === undefined ? [] : [label],
    registers,
    async collect() {
      const series = await ask(source);
      this.reset();
      // After a reset, a gauge without a label is 0.
      if (series === undefined && label === undefined) this.remove();
      if (series === undefined) return;
      for (const [labels, value] of samplesOf(series, label)) this.set(labels, value);
    },
  });
  return full;
}

function samplesOf(series: Series, label = ''): readonly (readonly [Record<string, string>, number])[] {
  if (typeof series === 'number') return [[{}, series]];
  return Object.entries(series).map(([kind, value]) => [{ [label]: kind }, value] as const);
}
