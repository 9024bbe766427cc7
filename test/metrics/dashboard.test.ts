import { createServer } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { Registry } from 'prom-client';
import * as v from 'valibot';
import { type SessionManager, startSessions } from '../../src/index.js';
import { durationMeasures, numberMeasures, prefix, storeMeasures } from '../../src/metrics/measure-table.js';
import { metrics, prometheusName } from '../../src/metrics/prometheus.js';
import { readProjectFile } from '../architecture/source-tree.js';
import { readTable } from '../docs/tables.js';
import { findProgram, startProxy } from '../proxies/proxy.js';
import { portOf } from '../support/free-port.js';
import { limits } from '../support/limits.js';

const panelSchema = v.object({
  id: v.number(),
  title: v.string(),
  targets: v.optional(v.array(v.object({ expr: v.string() })), []),
});
const { panels } = v.parse(
  v.object({ panels: v.array(panelSchema) }),
  JSON.parse(readProjectFile('docs/grafana/session-mailbox.json')),
);
const drawn = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

/** The expressions in the table of alerts on the page on operation. */
const watched = readTable(readProjectFile('docs/operations.md'), '| what | alert when | why |')
  .flatMap(([cell = '']) => [...cell.replaceAll('\\', '').matchAll(/`([^`]+)`/g)])
  .map(([, expression = '']) => expression);

const names: ReadonlySet<string> = new Set([
  ...numberMeasures.map(prometheusName),
  ...durationMeasures.map(({ name }) => `${prefix}_${name}_seconds`),
  ...storeMeasures.map(({ name }) => `${prefix}_${name}`),
]);

function namesIn(expressions: readonly string[]): readonly string[] {
  const found = expressions.join(' ').match(/session_mailbox_\w+/g) ?? [];
  return [...new Set(found.map((name) => name.replace(/_(?:bucket|count|sum)$/, '')))];
}

test('the dashboard and the page on operation name only existing metrics', (t) => {
  t.true(watched.length > 5);
  for (const name of namesIn([...drawn, ...watched])) t.true(names.has(name), name);
});

test('the dashboard shows every metric', (t) => {
  t.deepEqual(namesIn(drawn).toSorted(), [...names].toSorted());
});

test('every panel of the dashboard has a unique id', (t) => {
  const ids = panels.map(({ id }) => id);
  t.is(new Set(ids).size, ids.length);
});

/** Starts a service that serves its metrics as docs/metrics.md shows. */
async function startServer(t: ExecutionContext): Promise<{ readonly sessions: SessionManager; readonly port: number }> {
  const { sessions, stop } = await startSessions({ msgMaxLength: 2, onMaxSession: 'evict-oldest', gcInterval: 100 });
  t.teardown(stop);
  const registry = new Registry();
  metrics(sessions, { registry });
  const server = createServer(async (_request, response) => {
    response.setHeader('content-type', registry.contentType).end(await registry.metrics());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { sessions, port: portOf(server) };
}

/** Causes at least one value of each kind that a histogram counts. */
async function causeTraffic(sessions: SessionManager): Promise<void> {
  const { id, token } = await sessions.createSession('alice');
  await sessions.authenticate(token);
  const { cursor } = await sessions.poll(id, { after: '', wait: 0 });
  const held = sessions.poll(id, { after: cursor });
  await new Promise((resolve) => setImmediate(resolve));
  await sessions.push(id, 1);
  await held;
  for (const data of [2, 3, 4]) await sessions.push(id, data);
  await sessions.poll(id, { after: cursor });
  await sessions.pushToApp('all');
  await sessions.closeSession(id);
}

const answerSchema = v.object({
  status: v.string(),
  error: v.optional(v.string()),
  data: v.optional(v.object({ result: v.array(v.object({ value: v.tuple([v.number(), v.string()]) })) })),
});

/** Whether an expression has a value now. @throws if Prometheus refuses the expression */
async function hasData(port: number, expression: string): Promise<boolean> {
  const query = expression
    .replaceAll('$__rate_interval', '20s')
    .replaceAll(/\[\d+m\]/g, '[20s]')
    .replaceAll('$instance', '.*');
  const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
  const answer = await fetch(url);
  // While it starts, Prometheus listens already, but answers 503 as plain text.
  if (answer.status === 503) return false;
  const { status, error, data } = v.parse(answerSchema, await answer.json());
  if (status !== 'success') throw new Error(`Prometheus refuses ${query}: ${error}`);
  return data?.result.some(({ value: [, text] }) => Number.isFinite(Number(text))) ?? false;
}

const program = findProgram('prometheus');
const isMissing = program === undefined;

// `prometheus` is a package of Debian. Only it can show whether it accepts the expressions.
(isMissing ? test.skip : test)(
  `${isMissing ? 'skipped, no prometheus here: ' : ''}a Prometheus that scrapes a node has data for every expression of the dashboard and of the page`,
  async (t) => {
    t.timeout(limits.test);
    const { sessions, port } = await startServer(t);
    let ownPort = 0;
    const commandLine = (file: string, folder: string) => [
      `--config.file=${file}`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${ownPort}`,
      '--log.level=warn',
    ];
    await startProxy(t, program ?? '', 'prometheus.yml', commandLine, async (given) => {
      ownPort = given;
      const job = { job_name: 'session-mailbox', static_configs: [{ targets: [`127.0.0.1:${port}`] }] };
      // Any JSON text is valid YAML.
      return JSON.stringify({ global: { scrape_interval: '500ms', scrape_timeout: '500ms' }, scrape_configs: [job] });
    });
    let pending = [...drawn, ...watched];
    const giveUpAt = performance.now() + limits.processes;
    while (pending.length > 0 && performance.now() < giveUpAt) {
      await causeTraffic(sessions);
      const answers = await Promise.all(pending.map(async (each) => [each, await hasData(ownPort, each)] as const));
      pending = answers.filter(([, has]) => !has).map(([each]) => each);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    t.deepEqual(pending, []);
  },
);
