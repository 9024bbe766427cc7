import test from 'ava';
import { errorStatuses } from '../../src/errors/error-statuses.js';
import { readProjectFile } from '../architecture/source-tree.js';
import { readTable, rowsByName } from './tables.js';

const page = readProjectFile('docs/session-manager.md');

/** Returns the public members that instances of the class inherit, as the page writes them: methods with their parameters. */
function membersOf(type: { readonly prototype: object }): readonly string[] {
  const members: string[] = [];
  for (
    let level: object = type.prototype;
    level !== Object.prototype && level !== null;
    level = Object.getPrototypeOf(level)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (name !== 'constructor') members.push(typeof value === 'function' ? name + parametersOf(value) : name);
    }
  }
  return members;
}

/** Returns the parameters in parentheses, with a `?` after each parameter that has a default. */
function parametersOf(method: () => unknown): string {
  const list = /^(?:async )?\w+\(((?:[^(){}]|\{\})*)\)/.exec(method.toString())?.[1];
  if (list === undefined) throw new Error(`can't read the parameters of ${method}`);
  return `(${list
    .split(', ')
    .map((each) => each.replace(/ = .*/, '?'))
    .join(', ')})`;
}

type Library = typeof import('../../src/index.js');

const tables = [
  {
    header: '| SessionManager | what it does | errors |',
    // The constructor sets `app`, so the prototype does not have it.
    members: ({ SessionManager }: Library) => [...membersOf(SessionManager), 'app'],
  },
  {
    header: '| Session | what it does | errors |',
    members: ({ IssuedSession }: Library) => membersOf(IssuedSession),
  },
];
// Import the published package. A group of tests is bundled in one module, in which a parameter may have another name.
const published: string = 'session-mailbox';

for (const { header, members } of tables) {
  test(`the table ${header} has every public member with its parameters, and no other`, async (t) => {
    const library: Library = await import(published);
    t.deepEqual(Object.keys(rowsByName(readTable(page, header))).toSorted(), members(library).toSorted());
  });

  test(`every row of the table ${header} describes the member, and names only existing errors`, (t) => {
    for (const [member, cells] of Object.entries(rowsByName(readTable(page, header)))) {
      const [what = '', errors = ''] = cells;
      t.is(cells.length, 2, member);
      t.not(what, '', member);
      t.true(errors === 'none' || errors.includes('`'), member);
      for (const [, code = ''] of errors.matchAll(/`([A-Z_]+)`/g)) t.true(Object.hasOwn(errorStatuses, code), code);
    }
  });
}
