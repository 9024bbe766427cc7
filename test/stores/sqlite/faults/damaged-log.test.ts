import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, statSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { programFile } from '../../../support/program.js';
import { freshPath } from '../create-sqlite-store.js';
import type { Client, LogDamageReport } from '../nodes/log-damage-check.js';
import { openedTrial, trialOf } from '../opened-trial.js';
import { randomNumbers, stormSize } from '../storm-size.js';

const program = programFile(new URL('../nodes/log-damage-check.js', import.meta.url));
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

for (const state of ['not copied', 'copied into the database'] as const) {
  test(`from a damaged log, ${state}, nothing wrong is read, what precedes the damage is kept, and a client that is ahead is told`, async (t) => {
    const path = await freshPath(t);
    const killed = await freshPath(t);
    const first = trialOf({ path });
    await first.store.open(first);
    await first.close();
    const trial = await openedTrial(t, { path });
    const next = randomNumbers(seed);
    const clients: Client[] = [];
    const logSize = () => statSync(`${path}-wal`).size;
    for (let step = 0; step < 150; step += 1) {
      const client = clients[next(clients.length * 2)];
      if (client === undefined && clients.length < 12) {
        const { id } = await trial.login(`account-${clients.length}`, { ttl: 86_400_000 });
        clients.push({ id, pushed: [], logSizes: [logSize()], cursor: undefined });
      } else if (client !== undefined) {
        const text = `${client.pushed.length} ${'x'.repeat(next(400))}`;
        await trial.push(client.id, text);
        client.pushed.push(JSON.stringify(text));
        client.logSizes.push(logSize());
        if (next(3) > 0) continue;
        const { epoch, offset, proof } = await trial.read(client.id, { reader: 'client', after: client.cursor ?? '' });
        client.cursor = { epoch, offset, proof };
      }
    }
    if (state === 'copied into the database') {
      const database = (await loadDriver()).open(path);
      database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
      database.close();
    }
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, killed + suffix);
    chmodSync(killed, 0o600);
    writeFileSync(`${killed}.clients`, JSON.stringify(clients));
    const child = fork(program, [killed, `${killed}.clients`, String(stormSize(40, 1_000)), String(seed)]);
    t.teardown(() => void child.kill('SIGKILL'));
    let report: LogDamageReport | undefined;
    child.once('message', (message: LogDamageReport) => {
      report = message;
    });
    await once(child, 'exit');
    t.deepEqual([child.exitCode, child.signalCode], [0, null], `seed ${seed}`);
    t.deepEqual(report?.wrong, [], `seed ${seed}`);
    t.true((report?.told ?? 0) > 0, 'some damage cut off what a client had');
    t.log(`${report?.refused} refused, ${report?.told} told`);
  });
}
