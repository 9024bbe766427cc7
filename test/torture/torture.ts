import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExpiryHistory, type Telling } from './checker/expiry-history.js';
import { History } from './checker/history.js';
import { LoginHistory } from './checker/login-history.js';
import { MailboxHistory } from './checker/mailbox-history.js';
import { StoreChanges } from './checker/store-changes.js';
import { commitFaults, linkFaults, nodeFaults, type World } from './faults.js';
import { Fleet } from './fleet.js';
import { type Random, randomFrom } from './random.js';
import type { Stage } from './stages/stage.js';
import { pause } from './steady.js';
import { Asker } from './traffic/ask.js';
import { ExpiryTraffic, ttl } from './traffic/expiry-traffic.js';
import { LoginTraffic } from './traffic/login-traffic.js';
import { MailboxTraffic } from './traffic/mailbox-traffic.js';

const mailboxCount = 6;
const accountCount = 2;
const limit = 3;
/** A run of at least this duration must have an acknowledged push. */
const leastMs = 60_000;
/** Maximum time until an expiry is reported: a node of Redis counts as dead after ten seconds of silence. */
const tellingMs = 60_000;

export interface Outcome {
  readonly mailboxes: readonly MailboxHistory[];
  readonly logins: readonly LoginHistory[];
  readonly expiries: readonly ExpiryHistory[];
  readonly changes: StoreChanges;
  readonly faults: Readonly<Record<string, number>>;
  /** Start and end of each fault. */
  readonly log: History;
  /** The latest output of the nodes on standard error. */
  readonly output: string;
}

export function historiesOf({ mailboxes, logins, expiries }: Outcome): readonly History[] {
  return [...mailboxes, ...logins, ...expiries];
}

/** Runs traffic and faults for `duration` milliseconds, and then checks the results. */
export async function torture(stage: Stage, folder: string, seed: number, duration: number): Promise<Outcome> {
  const told = join(folder, 'told');
  const changes = new StoreChanges();
  const fleet = await Fleet.start(stage.stores, told);
  const { mailboxes, logins, expiries } = startTraffic(fleet, changes, seed);
  const all = [...mailboxes, ...logins, ...expiries];
  const running = all.map((each) => each.run());
  const world: World = {
    fleet,
    changes,
    mailboxes: mailboxes.map(({ history }) => history),
    random: randomFrom(seed),
    log: new History('the faults'),
  };
  stage.begin(world);
  const groups = [
    nodeFaults(stage.sharesClock),
    [
      ...linkFaults('clients to node', () => fleet.nodes.map(({ link }) => link)),
      ...(stage.links.length > 0 ? linkFaults('node to store', () => stage.links) : []),
    ],
    stage.faults,
  ];
  const faults = await commitFaults(groups, world, duration);
  for (const each of all) each.leave();
  await stage.settle(world);
  await Promise.all(running);
  await Promise.all(mailboxes.map((each) => each.drain()));
  for (const each of logins) await each.showEnded();
  const tellings = await allTold(told, expiries, changes);
  await fleet.end();
  for (const { history } of [...mailboxes, ...logins]) history.settle(changes);
  for (const { history } of mailboxes) {
    // Otherwise a service that never answers would keep every promise.
    if (duration >= leastMs && history.acknowledged === 0) history.violate('no push was acknowledged');
  }
  for (const { history } of expiries) history.settle(tellings, fleet.killed, changes);
  return {
    mailboxes: world.mailboxes,
    logins: logins.map(({ history }) => history),
    expiries: expiries.map(({ history }) => history),
    changes,
    faults,
    log: world.log,
    output: fleet.output,
  };
}

function startTraffic({ nodes }: Fleet, changes: StoreChanges, seed: number) {
  let others = seed * 1_000;
  const random = (): Random => randomFrom(++others);
  const asker = () => new Asker(nodes, random());
  return {
    mailboxes: Array.from({ length: mailboxCount }, (_each, index) => {
      return new MailboxTraffic(new MailboxHistory(`mailbox-${index}`), asker(), random());
    }),
    logins: Array.from({ length: accountCount }, (_each, index) => {
      return new LoginTraffic(new LoginHistory(`account-${index}`, limit), limit, changes, asker(), random());
    }),
    expiries: [new ExpiryTraffic(new ExpiryHistory('expiring', ttl), asker())],
  };
}

/** Resolves when all expiries that must be reported have been reported, or when they are late. */
async function allTold(
  path: string,
  expiries: readonly ExpiryTraffic[],
  changes: StoreChanges,
): Promise<readonly Telling[]> {
  const end = performance.now() + tellingMs;
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => '');
    const tellings: Telling[] = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    const isComplete = expiries.every(({ history }) => history.untold(tellings, changes).length === 0);
    if (isComplete || performance.now() > end) return tellings;
    await pause(200);
  }
}
