import type { ComponentChildren } from 'preact';

/** A text from outside. It is isolated, because it may contain characters that reverse the direction of the text after it. */
export function Foreign({ text }: { readonly text: string }) {
  return <bdi class="foreign">{text}</bdi>;
}

interface TableProps {
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly { readonly key: string; readonly cells: readonly ComponentChildren[] }[];
  readonly empty: string;
}

/** Browsers drop the roles of a table with another CSS display, so each element has its role as an attribute. */
const roles = {
  table: { role: 'table' },
  group: { role: 'rowgroup' },
  row: { role: 'row' },
  head: { role: 'columnheader' },
  cell: { role: 'cell' },
} as const;

/** A table that becomes a list of cards on a narrow screen. */
export function Table({ label, columns, rows, empty }: TableProps) {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <table {...roles.table} aria-label={label}>
      <thead {...roles.group}>
        <tr {...roles.row}>
          {columns.map((column) => (
            <th key={column} {...roles.head} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody {...roles.group}>
        {rows.map(({ key, cells }) => (
          <tr key={key} {...roles.row}>
            {cells.map((cell, index) => (
              <td key={columns[index]} {...roles.cell} data-label={columns[index]}>
                <div>{cell}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const width = 300;
const height = 56;

interface PlotProps {
  readonly title: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly format: (value: number) => string;
}

/** A plot of one figure over time, with its last value as a number. */
export function Plot({ title, unit, values, format }: PlotProps) {
  const last = values.at(-1);
  const top = Math.max(1, ...values);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map(
    (value, index) => `${(index * step).toFixed(1)},${(height - (value / top) * height).toFixed(1)}`,
  );
  const now = last === undefined ? '–' : format(last);
  const text = `${title}: now ${now} ${unit}, at most ${format(Math.max(0, ...values))} since the page was opened`;
  return (
    <figure class="plot">
      <figcaption>
        <span>{title}</span>
        <strong>
          {now} <small>{unit}</small>
        </strong>
      </figcaption>
      <svg viewBox={`0 -2 ${width} ${height + 4}`} preserveAspectRatio="none" role="img" aria-label={text}>
        {points.length > 1 && (
          <>
            <polygon points={`0,${height} ${points.join(' ')} ${width},${height}`} />
            <polyline points={points.join(' ')} />
          </>
        )}
      </svg>
    </figure>
  );
}
