import { bytes, markdownTable } from '../../support/report.js';
import type { MemoryRow } from './measure.js';

/** The kinds of keys, in order of first appearance. */
export function memoryTable(rows: readonly MemoryRow[]): string {
  const kinds = [
    ...new Set(rows.flatMap(({ byKind }) => [...byKind].filter(([, size]) => size > 0).map(([kind]) => kind))),
  ];
  const head = ['', 'all keys', ...kinds.map((kind) => `\`${kind}\``), 'allocated'];
  const body = rows.map(({ what, byKind, allocated }) => {
    const parts = kinds.map((kind) => byKind.get(kind) ?? 0);
    const sum = parts.reduce((total, part) => total + part, 0);
    return [what, bytes(sum), ...parts.map((part) => (part === 0 ? '–' : bytes(part))), bytes(allocated)];
  });
  return markdownTable(head, body);
}
