import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, Node ${process.versions.node}`;
}

/** Said with every run: a figure taken beside someone else's work is worth less. */
export function describeLoad(): string {
  return `load average at the start ${loadavg()[0]?.toFixed(2) ?? '?'}`;
}
