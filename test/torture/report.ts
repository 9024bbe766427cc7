import { historiesOf, type Outcome } from './torture.js';

export interface Run {
  readonly store: string;
  readonly minutes: number;
  readonly seed: number;
  readonly nodes: number;
}

export interface Report {
  readonly text: string;
  /** Whether every promise was kept. */
  readonly isSound: boolean;
}

function sum<Item>(items: readonly Item[], count: (item: Item) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}

/** Returns the counts, and the history of each client to which a promise was broken. */
export function reportOf(run: Run, outcome: Outcome): Report {
  const violated = historiesOf(outcome).filter(({ violations }) => violations.length > 0);
  const counts = Object.entries(countsOf(outcome)).map(([name, value]) => `${name.padEnd(14)} ${value}`);
  const violations = `violations     ${sum(violated, (each) => each.violations.length)}`;
  if (violated.length === 0) return { text: [...counts, violations].join('\n'), isSound: true };
  const { store, minutes, seed, nodes } = run;
  const parts = [
    [...counts, violations].join('\n'),
    ...violated.map((history) => `seed ${seed}, ${history}`),
    String(outcome.log),
    `the nodes wrote last:\n${outcome.output}`,
    violated.flatMap((each) => each.violations.map((violation) => `${each.subject}: ${violation}`)).join('\n'),
    `repeat with: npm run torture -- --store ${store} --minutes ${minutes} --nodes ${nodes} --seed ${seed}`,
  ];
  return { text: parts.join('\n\n'), isSound: false };
}

function countsOf({ mailboxes, logins, expiries, changes, faults }: Outcome): Readonly<Record<string, unknown>> {
  const lost = sum(mailboxes, (each) => each.lost);
  const resets = sum(mailboxes, (each) => each.resets);
  const gone = sum(mailboxes, (each) => each.forgotten);
  const told = sum(expiries, (each) => each.told);
  const again = sum(expiries, (each) => each.repeated);
  const untold = sum(expiries, (each) => each.forgotten);
  const kinds = Object.entries(faults).map(([name, count]) => `${name}: ${count}`);
  return {
    acknowledged: sum(mailboxes, (each) => each.acknowledged),
    delivered: sum(mailboxes, (each) => each.delivered),
    'told lost': `${lost} messages, ${resets} resets, ${gone} sessions`,
    logins: `${sum(logins, (each) => each.logins)}, and ${sum(logins, (each) => each.ended)} tokens ended`,
    'came back': `${sum(logins, (each) => each.cameBack)} tokens, in ${changes.count} changes of history`,
    expiries: `${told} told, ${again} of them again, ${untold} forgotten`,
    faults: `${sum(Object.values(faults), (count) => count)}: ${kinds.toSorted().join('; ')}`,
  };
}
