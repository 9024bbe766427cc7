import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, Node ${process.versions.node}`;
}

/** Printed with every run, because figures are less reliable when other programs run. */
export function describeLoad(): string {
  return `load average at the start ${loadavg()[0]?.toFixed(2) ?? '?'}`;
}
