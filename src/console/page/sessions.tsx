import { useState } from 'preact/hooks';
import { type ConsoleSession, type ConsoleSessionPage, read, type SessionCensus } from './api.js';
import { count, device, duration, plural, time } from './format.js';
import { faultOf } from './live.js';
import { Foreign, Table } from './parts.tsx';

/** The sessions that the list shows. */
export type Query =
  | { readonly by: 'all'; readonly cursor?: string }
  | { readonly by: 'account' | 'id'; readonly text: string };

/** An act that the operator has to confirm. */
export type Intent =
  | { readonly act: 'revoke' | 'revoke-others'; readonly id: string; readonly accountId: string }
  | { readonly act: 'close-account'; readonly accountId: string }
  | { readonly act: 'push'; readonly id?: string; readonly accountId: string };

interface SessionsProps {
  readonly query: Query;
  readonly page: ConsoleSessionPage | undefined;
  readonly now: number;
  readonly show: (query: Query) => void;
  readonly intend: (intent: Intent) => void;
}

export function Sessions({ query, page, now, show, intend }: SessionsProps) {
  return (
    <section aria-labelledby="sessions-title">
      <h2 id="sessions-title">Sessions</h2>
      <Count />
      <SearchForm key={JSON.stringify(query)} query={query} show={show} />
      {query.by === 'account' && (page?.sessions.length ?? 0) > 0 && (
        <p class="row">
          <span>
            {plural((page?.sessions.length ?? 0) + (page?.more ?? 0), 'session')} of <Foreign text={query.text} />
          </span>
          <button type="button" onClick={() => intend({ act: 'push', accountId: query.text })}>
            Push to all
          </button>
          <button type="button" class="danger" onClick={() => intend({ act: 'close-account', accountId: query.text })}>
            Close account
          </button>
        </p>
      )}
      {page === undefined ? (
        <p class="empty">Loading…</p>
      ) : (
        <Table
          label="Sessions"
          columns={['Account', 'Device', 'Address', 'Presence', 'Mailbox', 'Active', 'Age', 'Acts']}
          empty="No session is live here."
          rows={page.sessions.map((session) => ({ key: session.id, cells: cellsOf(session, now, show, intend) }))}
        />
      )}
      {page?.more !== undefined && (
        <p class="empty">{count(page.more)} more sessions of this account are not listed.</p>
      )}
      {query.by === 'all' && <Pager query={query} page={page} show={show} />}
    </section>
  );
}

/** Counts only on demand, because the store may have to read all sessions for a count. */
function Count() {
  const [text, setText] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const ask = async () => {
    setIsBusy(true);
    try {
      const { sessions, activeAccounts, presence, at } = await read<SessionCensus>('census');
      const accounts = `${plural(activeAccounts, 'account')} active within an hour`;
      const all = `in all apps ${count(presence.online)} online, ${count(presence.away)} away`;
      setText(`${plural(sessions, 'session')}, ${accounts}; ${all}; counted at ${time(at)}.`);
    } catch (error) {
      setText(faultOf(error));
    }
    setIsBusy(false);
  };
  return (
    <p class="row">
      <button type="button" disabled={isBusy} onClick={() => void ask()}>
        {isBusy ? 'Counting…' : 'Count'}
      </button>
      <span role="status">{text}</span>
    </p>
  );
}

function SearchForm({ query, show }: Pick<SessionsProps, 'query' | 'show'>) {
  const submit = (event: Event & { readonly currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = String(fields.get('text')).trim();
    if (text === '') show({ by: 'all' });
    else show({ by: fields.get('by') === 'id' ? 'id' : 'account', text });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: some browsers do not know the element yet
    <form class="row" role="search" onSubmit={submit}>
      <label>
        Search by
        <select name="by" defaultValue={query.by === 'id' ? 'id' : 'account'}>
          <option value="account">account</option>
          <option value="id">session id</option>
        </select>
      </label>
      <label class="grow">
        Account or id
        <input
          name="text"
          type="text"
          autocomplete="off"
          spellcheck={false}
          maxLength={256}
          defaultValue={query.by === 'all' ? '' : query.text}
        />
      </label>
      <button type="submit">Search</button>
      <button type="button" onClick={() => show({ by: 'all' })}>
        All sessions
      </button>
    </form>
  );
}

function Pager({
  query,
  page,
  show,
}: Pick<SessionsProps, 'page' | 'show'> & { readonly query: { readonly cursor?: string } }) {
  const next = page?.cursor;
  return (
    <p class="row">
      <button type="button" disabled={query.cursor === undefined} onClick={() => show({ by: 'all' })}>
        First page
      </button>
      <button
        type="button"
        disabled={next === undefined}
        onClick={() => next !== undefined && show({ by: 'all', cursor: next })}
      >
        Next page
      </button>
    </p>
  );
}

function cellsOf(session: ConsoleSession, now: number, show: SessionsProps['show'], intend: SessionsProps['intend']) {
  const { id, accountId, userAgent, lastUserAgent, ip, lastIp } = session;
  return [
    <>
      <button type="button" class="link" onClick={() => show({ by: 'account', text: accountId })}>
        <Foreign text={accountId} />
      </button>
      <code>{id}</code>
    </>,
    <>
      <Foreign text={device(userAgent)} />
      {lastUserAgent !== userAgent && <Latest text={device(lastUserAgent)} />}
    </>,
    <>
      <Foreign text={ip === '' ? 'unknown' : ip} />
      {lastIp !== ip && <Latest text={lastIp} />}
    </>,
    <span key="presence" class={session.presence === 'online' ? 'tag good' : 'tag'}>
      {session.presence}
    </span>,
    count(session.undelivered),
    duration(now - session.lastTime),
    duration(now - session.createdAt),
    <ActButtons key="acts" session={session} intend={intend} />,
  ];
}

/** The latest value, where it differs from that at the creation of the session. */
function Latest({ text }: { readonly text: string }) {
  return (
    <small>
      now <Foreign text={text} />
    </small>
  );
}

function ActButtons({
  session: { id, accountId },
  intend,
}: Pick<SessionsProps, 'intend'> & { readonly session: ConsoleSession }) {
  const name = `${accountId}, session ${id}`;
  return (
    <div class="acts">
      <button type="button" aria-label={`Revoke ${name}`} onClick={() => intend({ act: 'revoke', id, accountId })}>
        Revoke
      </button>
      <button
        type="button"
        aria-label={`Others: revoke all but ${name}`}
        onClick={() => intend({ act: 'revoke-others', id, accountId })}
      >
        Others
      </button>
      <button type="button" aria-label={`Push to ${name}`} onClick={() => intend({ act: 'push', id, accountId })}>
        Push
      </button>
    </div>
  );
}
