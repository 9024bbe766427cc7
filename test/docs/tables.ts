/** Returns the rows of the table with this header row, as the texts of their cells. */
export function readTable(text: string, header: string): readonly (readonly string[])[] {
  const lines = text.split('\n').map(cellsOf);
  const title = cellsOf(header)?.join('|');
  const starts = lines.flatMap((cells, index) => (cells?.join('|') === title ? [index] : []));
  const [start, another] = starts;
  if (start === undefined) throw new Error(`there is no table with the header ${header}`);
  if (another !== undefined) throw new Error(`there are two tables with the header ${header}`);
  const rows: (readonly string[])[] = [];
  for (const cells of lines.slice(start + 2)) {
    if (cells === undefined) break;
    rows.push(cells);
  }
  return rows;
}

/** Returns the cells of a table row without their padding, or `undefined` if the line is not a table row. */
function cellsOf(line: string): readonly string[] | undefined {
  const cells = line.trim().split('|');
  if (cells.length < 3 || cells[0] !== '' || cells.at(-1) !== '') return undefined;
  return cells.slice(1, -1).map((cell) => cell.trim());
}

/** Returns the name in backticks. */
export function nameIn(cell: string | undefined): string {
  const name = /^`([^`]+)`$/.exec(cell ?? '')?.[1];
  if (name === undefined) throw new Error(`expected a name in backticks, got ${cell}`);
  return name;
}

/** Returns the rows by the name in their first cell. Throws if a name occurs twice. */
export function rowsByName(rows: readonly (readonly string[])[]): Readonly<Record<string, readonly string[]>> {
  const named: Record<string, readonly string[]> = {};
  for (const [first, ...cells] of rows) {
    const name = nameIn(first);
    if (name in named) throw new Error(`${name} stands twice`);
    named[name] = cells;
  }
  return named;
}
