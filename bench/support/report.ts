import { isMet, type Metric, medianFigure, medianRatio, type Round, type Target } from './results.js';

export const perSecond = (value: number): string => `${thousands(value)}/s`;
export const bytes = (value: number): string => `${thousands(value)} B`;
export const milliseconds = (value: number): string => `${value.toFixed(value < 100 ? 1 : 0)} ms`;
export const microseconds = (value: number): string => `${value.toFixed(1)} µs`;

function thousands(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ' ');
}

export function figuresTable(
  rounds: readonly Round[],
  subjects: readonly string[],
  metrics: readonly Metric[],
): string {
  return markdownTable(
    ['', ...subjects],
    metrics.map(({ name, title, format }) => [
      title,
      ...subjects.map((subject) => {
        const figure = medianFigure(rounds, subject, name);
        return figure === undefined ? '–' : format(figure);
      }),
    ]),
  );
}

export function targetsTable(
  rounds: readonly Round[],
  subject: string,
  metrics: readonly Metric[],
  targets: readonly Target[],
): string {
  const title = (name: string): string => metrics.find((metric) => metric.name === name)?.title ?? name;
  const rows = targets.map((target) => {
    const against = target.peerMetric === undefined ? target.peer : `${target.peer}: ${title(target.peerMetric)}`;
    const ratio = medianRatio(rounds, subject, target);
    return [
      title(target.metric),
      against,
      `${target.bound} ${target.ratio}`,
      ratio === undefined ? '–' : ratio.toFixed(ratio < 0.1 ? 4 : 2),
      ratio === undefined ? '–' : isMet(target, ratio) ? 'met' : '**missed**',
    ];
  });
  return markdownTable(['ours', 'against', 'target', 'ratio', 'result'], rows);
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
