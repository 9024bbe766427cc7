const PER_MICROSECOND = 1_000n;

/** The current time in µs on a clock that all processes of the machine share. */
export function moment(): number {
  return Number(process.hrtime.bigint() / PER_MICROSECOND);
}

export interface Percentiles {
  /** In ms. */
  readonly p50: number;
  readonly p99: number;
}

export class Latencies {
  #microseconds: number[] = [];

  add(microseconds: number): void {
    this.#microseconds.push(microseconds);
  }

  /** Returns the percentiles of all latencies since the last call. */
  take(): Percentiles {
    const sorted = Float64Array.from(this.#microseconds).sort();
    this.#microseconds = [];
    const at = (share: number): number => (sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN) / 1_000;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
