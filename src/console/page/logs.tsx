import type { ActEntry, SecurityEntry } from './api.js';
import { device, time } from './format.js';
import { Foreign, Table } from './parts.tsx';

/** Shows the sessions with this account or id. */
type Search = (by: 'account' | 'id', text: string) => void;

export function Security({ entries, search }: { readonly entries: readonly SecurityEntry[]; readonly search: Search }) {
  return (
    <section aria-labelledby="security-title">
      <h2 id="security-title">Security events of this node</h2>
      <Table
        label="Security events"
        columns={['When', 'Event', 'On', 'From', 'Device']}
        empty="No token was refused and no limit was met."
        rows={entries.map((entry, index) => ({
          key: `${entry.at}-${entries.length - index}`,
          cells: [
            time(entry.at),
            entry.event === 'limit'
              ? `limit of ${entry.maxSession}: ${entry.verdict}`
              : `refused: ${[entry.kind, entry.reason].filter((part) => part !== undefined).join(', ')}`,
            <Target key="target" accountId={entry.accountId} id={entry.id} search={search} />,
            <Foreign key="from" text={entry.ip ?? ''} />,
            <Foreign key="device" text={entry.userAgent === undefined ? '' : device(entry.userAgent)} />,
          ],
        }))}
      />
    </section>
  );
}

export function Acts({ entries, search }: { readonly entries: readonly ActEntry[]; readonly search: Search }) {
  return (
    <section aria-labelledby="acts-title">
      <h2 id="acts-title">Acts of operators at this node</h2>
      <Table
        label="Acts of operators"
        columns={['When', 'Operator', 'Act', 'On', 'Outcome', 'From']}
        empty="No operator has acted."
        rows={entries.map((entry, index) => ({
          key: `${entry.at}-${entries.length - index}`,
          cells: [
            time(entry.at),
            <Foreign key="operator" text={entry.operator} />,
            entry.act,
            <Target key="target" accountId={entry.accountId} id={entry.id} search={search} />,
            `${entry.outcome}, ${entry.count}`,
            <Foreign key="from" text={entry.ip} />,
          ],
        }))}
      />
    </section>
  );
}

interface TargetProps {
  readonly accountId: string | undefined;
  readonly id: string | undefined;
  readonly search: Search;
}

function Target({ accountId, id, search }: TargetProps) {
  return (
    <>
      {accountId !== undefined && (
        <button type="button" class="link" onClick={() => search('account', accountId)}>
          <Foreign text={accountId} />
        </button>
      )}
      {id !== undefined && (
        <button type="button" class="link" onClick={() => search('id', id)}>
          <code>{id}</code>
        </button>
      )}
    </>
  );
}
