// Messages per second and delivery latency of the last minute.

import uPlot from '../library/uplot.js';
import { $, setText } from './dom.js';

const SECONDS = 60;
const HEIGHT = 180;

export class Plot {
  /** Latencies in milliseconds of the messages that arrived in the current second. */
  #current = [];
  #times = Array.from({ length: SECONDS }, (_, n) => n - SECONDS);
  #rates = new Array(SECONDS).fill(0);
  #p50 = new Array(SECONDS).fill(null);
  #p99 = new Array(SECONDS).fill(null);
  #plot;

  constructor() {
    this.#draw();
    setInterval(() => this.#tick(), 1_000);
    new ResizeObserver(() => this.#plot.setSize(size())).observe($('plot'));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  /** @param latency milliseconds from the push to the arrival; undefined for messages of other senders */
  add(latency) {
    this.#current.push(latency);
  }

  #tick() {
    const latencies = this.#current.filter((each) => each !== undefined).sort((a, b) => a - b);
    put(this.#rates, this.#current.length);
    put(this.#p50, quantile(latencies, 0.5));
    put(this.#p99, quantile(latencies, 0.99));
    this.#current = [];
    if (document.hidden) return;
    this.#plot.setData(this.#data);
    this.#tell();
  }

  #tell() {
    const [rate, p50, p99] = [this.#rates, this.#p50, this.#p99].map((values) => values.at(-1));
    setText($('plot-rate'), rate);
    setText($('plot-p50'), p50 === null ? '–' : `${p50.toFixed(1)} ms`);
    setText($('plot-p99'), p99 === null ? '–' : `${p99.toFixed(1)} ms`);
  }

  get #data() {
    return [this.#times, this.#rates, this.#p50, this.#p99];
  }

  #draw() {
    this.#plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour('--ink-soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
    const line = (label, name, scale) => ({ label, scale, stroke: colour(name), width: 2, points: { show: false } });
    this.#plot = new uPlot(
      {
        ...size(),
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false },
          rate: { range: (_plot, _min, max) => [0, Math.max(5, max * 1.1)] },
          ms: { range: (_plot, _min, max) => [0, Math.max(5, max * 1.1)] },
        },
        axes: [
          { ...axis, size: 32, values: (_plot, ticks) => ticks.map((tick) => `${tick} s`) },
          { ...axis, scale: 'rate', size: 44 },
          {
            ...axis,
            scale: 'ms',
            side: 1,
            size: 68,
            grid: { show: false },
            values: (_plot, ticks) => ticks.map((tick) => `${tick} ms`),
          },
        ],
        series: [
          {},
          { ...line('messages a second', '--accent', 'rate'), fill: colour('--tint') },
          line('p50', '--good', 'ms'),
          line('p99', '--warn', 'ms'),
        ],
      },
      this.#data,
      $('plot'),
    );
  }
}

function size() {
  return { width: Math.max(200, $('plot').clientWidth), height: HEIGHT };
}

function put(values, value) {
  values.shift();
  values.push(value);
}

function quantile(sorted, q) {
  return sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}
