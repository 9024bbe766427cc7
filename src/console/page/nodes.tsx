import type { Figures, NodeEntry, Overview } from './api.js';
import { count, duration, megabytes, rate } from './format.js';
import { Foreign, Plot, Table } from './parts.tsx';
import { eventCount, type SampleHistory, sum } from './sample-history.js';

const columns = [
  'Node',
  'Up for',
  'Held',
  'Logins',
  'Closed',
  'Refused',
  'Limits',
  'Pushes',
  'Dropped',
  'Memory',
  'Store',
  'As of',
];

export function Nodes({ overview, history }: { readonly overview: Overview; readonly history: SampleHistory }) {
  const { nodes, nodesFault } = overview;
  return (
    <section aria-labelledby="nodes-title">
      <h2 id="nodes-title">
        Nodes <span class="count">{nodes.length}</span>
      </h2>
      {nodesFault !== undefined && <p class="fault">Nodes may be missing: {nodesFault}</p>}
      <Plots history={history} />
      <Table
        label="Nodes"
        columns={columns}
        empty="No node."
        rows={nodes.map((node) => ({ key: node.isThis ? 'this' : node.node, cells: cellsOf(node) }))}
      />
      <Reasons nodes={nodes} />
    </section>
  );
}

function Plots({ history }: { readonly history: SampleHistory }) {
  const held = history.sums(({ figures }) => figures.held);
  const eventsOf = (event: string) => history.rates((node) => eventCount(node, event));
  const messagesOf = (name: 'pushed' | 'delivered' | 'dropped') =>
    history.rates(({ figures }) => figures.messages?.[name]);
  const storeTimes = history.largest(({ figures }) => figures.storeMs);
  return (
    <div class="plots">
      <Plot title="Polls and streams" unit="held" format={count} values={held} />
      <Plot title="Logins" unit="/ s" format={rate} values={eventsOf('created')} />
      <Plot title="Sessions closed" unit="/ s" format={rate} values={eventsOf('closed')} />
      <Plot title="Tokens refused" unit="/ s" format={rate} values={eventsOf('refused')} />
      <Plot title="Pushes" unit="/ s" format={rate} values={messagesOf('pushed')} />
      <Plot title="Delivered" unit="/ s" format={rate} values={messagesOf('delivered')} />
      <Plot title="Dropped" unit="/ s" format={rate} values={messagesOf('dropped')} />
      <Plot title="Delivery, half within" unit="ms" format={rate} values={history.latencies(0.5)} />
      <Plot title="Delivery, 99 % within" unit="ms" format={rate} values={history.latencies(0.99)} />
      <Plot title="Store, slowest node" unit="ms" format={rate} values={storeTimes} />
    </div>
  );
}

function cellsOf(node: NodeEntry) {
  const { figures, isThis, age } = node;
  return [
    <>
      <Foreign text={figures.host ?? node.node} /> <small>{figures.pid}</small>
      {isThis && <span class="tag">this</span>}
      {figures.isDraining === true && <span class="tag warn">draining</span>}
    </>,
    duration(figures.uptime ?? 0),
    count(figures.held),
    count(eventCount(node, 'created')),
    count(eventCount(node, 'closed')),
    count(eventCount(node, 'refused')),
    count(eventCount(node, 'limit')),
    count(figures.messages?.pushed),
    count(figures.messages?.dropped),
    megabytes(figures.memory),
    <Store key="store" figures={figures} />,
    isThis ? 'now' : duration(age),
  ];
}

function Store({ figures: { storeMs, storeFault } }: { readonly figures: Figures }) {
  if (storeFault !== undefined) return <span class="fault">{storeFault}</span>;
  return <>{storeMs === undefined ? '–' : `${rate(storeMs)} ms`}</>;
}

/** Counts of closes by reason, and of other events by kind, over all nodes. Each node counts since its start. */
function Reasons({ nodes }: { readonly nodes: readonly NodeEntry[] }) {
  return (
    <div class="reasons">
      <Kinds title="Closed, by reason" event="closed" nodes={nodes} />
      <Kinds title="Refused, by kind" event="refused" nodes={nodes} />
      <Kinds title="Limits met" event="limit" nodes={nodes} />
      <Kinds title="Overflows" event="overflow" nodes={nodes} />
    </div>
  );
}

function Kinds({ title, event, nodes }: { title: string; event: string; nodes: readonly NodeEntry[] }) {
  const kinds = new Set(nodes.flatMap(({ figures }) => Object.keys(kindsOf(figures.counts?.[event]))));
  return (
    <div>
      <h3>{title}</h3>
      <dl>
        {[...kinds].map((kind) => (
          <div key={kind}>
            <dt>{kind}</dt>
            <dd>{count(sum(nodes.map((node) => eventCount(node, event, kind))))}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function kindsOf(counts: number | Readonly<Record<string, number>> | undefined): object {
  return typeof counts === 'object' ? counts : {};
}
