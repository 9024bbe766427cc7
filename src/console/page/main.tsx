import { render } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type ConsoleSessionPage, read } from './api.js';
import { Confirm } from './confirm.tsx';
import { time } from './format.js';
import { faultOf, type Live, useLive } from './live.js';
import { Acts, Security } from './logs.tsx';
import { Nodes } from './nodes.tsx';
import { Foreign } from './parts.tsx';
import { type Intent, type Query, Sessions } from './sessions.tsx';

function pathOf(query: Query): string {
  if (query.by !== 'all') return `sessions?${new URLSearchParams({ [query.by]: query.text })}`;
  return query.cursor === undefined ? 'sessions' : `sessions?${new URLSearchParams({ cursor: query.cursor })}`;
}

/** Whether the text looks like a token. A token is a secret, and must not get into a URL, which logs keep. */
function isToken(text: string): boolean {
  return /^[0-9A-Za-z]{64}$/.test(text);
}

interface SessionList {
  readonly query: Query;
  /** `undefined` until the answer to the query has arrived. */
  readonly page: ConsoleSessionPage | undefined;
  /** Shows the sessions of another query. */
  readonly show: (query: Query) => void;
  /** Reads the sessions of the query again. */
  readonly reload: () => void;
}

/** @param setNotice shows a sentence to the operator; empty to remove the sentence */
function useSessionList(setNotice: (text: string) => void): SessionList {
  const [query, setQuery] = useState<Query>({ by: 'all' });
  const [page, setPage] = useState<ConsoleSessionPage>();
  const latest = useRef(0);
  const load = useCallback(
    async (wanted: Query) => {
      latest.current += 1;
      const own = latest.current;
      try {
        const found = await read<ConsoleSessionPage>(pathOf(wanted));
        // The list must not show the answer to an earlier query under the latest one.
        if (own === latest.current) setPage(found);
      } catch (error) {
        if (own !== latest.current) return;
        setPage({ sessions: [] });
        setNotice(faultOf(error));
      }
    },
    [setNotice],
  );
  useEffect(() => void load(query), [query, load]);
  const show = (wanted: Query) => {
    if (wanted.by !== 'all' && isToken(wanted.text)) {
      setNotice('This looks like a token. Search by the first 24 characters of it, which are the id.');
      return;
    }
    setNotice('');
    setPage(undefined);
    setQuery(wanted);
  };
  return { query, page, show, reload: () => void load(query) };
}

function Header({ live: { overview, isPaused, setPaused } }: { readonly live: Live }) {
  return (
    <header>
      <h1>Sessions</h1>
      {overview !== undefined && (
        <p>
          App <Foreign text={overview.app} />, operator <Foreign text={overview.operator} />, as of {time(overview.at)}
        </p>
      )}
      <button type="button" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
        {isPaused ? 'Resume' : 'Pause'}
      </button>
    </header>
  );
}

function Console() {
  const live = useLive();
  const { overview, history } = live;
  const [notice, setNotice] = useState('');
  const [intent, setIntent] = useState<Intent>();
  const { query, page, show, reload } = useSessionList(setNotice);
  const search = (by: 'account' | 'id', text: string) => {
    show({ by, text });
    document.getElementById('sessions-title')?.scrollIntoView();
  };
  const close = (result: string | undefined) => {
    setIntent(undefined);
    if (result === undefined) return;
    setNotice(result);
    reload();
  };
  return (
    <>
      <Header live={live} />
      <p class="notice" role="status">
        {live.fault || notice}
      </p>
      <main>
        <Sessions query={query} page={page} now={overview?.at ?? Date.now()} show={show} intend={setIntent} />
        {overview !== undefined && <Nodes overview={overview} history={history} />}
        {overview !== undefined && <Security entries={overview.security} search={search} />}
        {overview !== undefined && <Acts entries={overview.acts} search={search} />}
      </main>
      {intent !== undefined && <Confirm intent={intent} close={close} />}
    </>
  );
}

render(<Console />, document.body);
