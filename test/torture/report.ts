import { historiesOf, type Outcome } from './torture.js';

export interface Run {
  readonly store: string;
  readonly minutes: number;
  readonly seed: number;
  readonly nodes: number;
}

function sum<Item>(items: readonly Item[], count: (item: Item) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}

/** Prints what was counted, and the history of each client that a promise was not kept to. @returns whether all were kept */
export function report(run: Run, outcome: Outcome): boolean {
  const { mailboxes, logins, expiries, changes, faults, log, output } = outcome;
  const violated = historiesOf(outcome).filter(({ violations }) => violations.length > 0);
  const lines = {
    acknowledged: sum(mailboxes, (each) => each.acknowledged),
    delivered: sum(mailboxes, (each) => each.delivered),
    'told lost': `${sum(mailboxes, (each) => each.lost)} messages, ${sum(mailboxes, (each) => each.resets)} resets, ${sum(mailboxes, (each) => each.forgotten)} sessions`,
    logins: `${sum(logins, (each) => each.logins)}, of which ${sum(logins, (each) => each.ended)} tokens were ended`,
    'came back': `${sum(logins, (each) => each.cameBack)}, in ${changes.count} changes of history`,
    expiries: `${sum(expiries, (each) => each.told)} told, ${sum(expiries, (each) => each.repeated)} of them again, ${sum(expiries, (each) => each.forgotten)} forgotten`,
    faults: Object.entries(faults)
      .map(([name, count]) => `${name}: ${count}`)
      .toSorted()
      .join('; '),
    violations: sum(violated, ({ violations }) => violations.length),
  };
  for (const [name, value] of Object.entries(lines)) console.log(`${name.padEnd(14)} ${value}`);
  if (violated.length === 0) return true;
  for (const history of violated) console.log(`\nseed ${run.seed}, ${history}`);
  console.log(`\n${log}`);
  if (output !== '') console.log(`\nthe nodes wrote last:\n${output}`);
  for (const { subject, violations } of violated) for (const each of violations) console.log(`${subject}: ${each}`);
  const { store, minutes, seed, nodes } = run;
  console.log(`repeat with: npm run torture -- --store ${store} --minutes ${minutes} --nodes ${nodes} --seed ${seed}`);
  return false;
}
