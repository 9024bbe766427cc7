import { useEffect, useRef, useState } from 'preact/hooks';
import { act } from './api.js';
import { plural } from './format.js';
import { Foreign } from './parts.tsx';
import type { Intent } from './sessions.tsx';

interface ConfirmProps {
  readonly intent: Intent;
  /** @param result a sentence about the act that was done; `undefined` if no act was done */
  readonly close: (result: string | undefined) => void;
}

const labels: Readonly<Record<Intent['act'], string>> = {
  revoke: 'Revoke session',
  'revoke-others': 'Revoke other sessions',
  'close-account': 'Close account',
  push: 'Push message',
};

/** A dialog that asks the operator to confirm an act, and carries it out. */
export function Confirm({ intent, close }: ConfirmProps) {
  const dialog = useModal();
  const [text, setText] = useState('{"text":"Hello"}');
  const [fault, setFault] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setIsBusy(true);
    try {
      const { count } = await act(intent.act, bodyOf(intent, text));
      close(sentenceOf(intent, count));
    } catch (error) {
      setFault(error instanceof Error ? error.message : 'It failed');
      setIsBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" onClose={() => close(undefined)}>
      <form onSubmit={submit}>
        <h2 id="confirm-title">{labels[intent.act]}</h2>
        <p>
          <Explanation intent={intent} />
        </p>
        {intent.act === 'push' && <MessageField text={text} setText={setText} />}
        {fault !== '' && (
          <p class="fault" role="alert">
            {fault}
          </p>
        )}
        <p class="row end">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={intent.act === 'push' ? '' : 'danger'} disabled={isBusy}>
            {labels[intent.act]}
          </button>
        </p>
      </form>
    </dialog>
  );
}

/** Opens the dialog, and returns the focus to the button that opened it once the dialog is removed. */
function useModal() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    // The row that contained the button may have been removed.
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return dialog;
}

function MessageField({ text, setText }: { readonly text: string; readonly setText: (text: string) => void }) {
  return (
    <label>
      Message, as JSON
      <textarea rows={4} spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
    </label>
  );
}

function Explanation({ intent }: { readonly intent: Intent }) {
  const account = <Foreign text={intent.accountId} />;
  switch (intent.act) {
    case 'revoke':
      return (
        <>
          The session <code>{intent.id}</code> of {account} is logged out at once.
        </>
      );
    case 'revoke-others':
      return (
        <>
          All sessions of {account} but <code>{intent.id}</code> are logged out at once.
        </>
      );
    case 'close-account':
      return <>All sessions of {account} are logged out at once. The account may log in again.</>;
    case 'push':
      return intent.id === undefined ? (
        <>To all sessions of {account}.</>
      ) : (
        <>
          To the session <code>{intent.id}</code> of {account}.
        </>
      );
  }
}

function bodyOf(intent: Intent, text: string): object {
  const target = 'id' in intent && intent.id !== undefined ? { id: intent.id } : { account: intent.accountId };
  if (intent.act !== 'push') return target;
  try {
    return { ...target, data: JSON.parse(text) };
  } catch {
    throw new Error('The message is not JSON.');
  }
}

function sentenceOf({ act: name }: Intent, count: number): string {
  const sessions = plural(count, 'session');
  return name === 'push' ? `Pushed to ${sessions}.` : `${sessions} closed.`;
}
