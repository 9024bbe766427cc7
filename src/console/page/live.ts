import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, type Overview, read } from './api.js';
import { SampleHistory } from './sample-history.js';

/** Milliseconds between two requests for the overview. */
const pauseMs = 2_000;
/**
 * Milliseconds without input after which the page stops its requests. The guard may renew the operator's session at each
 * request, so that an unused page would keep the operator logged in.
 */
const idleMs = 600_000;

export interface Live {
  readonly overview: Overview | undefined;
  readonly history: SampleHistory;
  /** Why the latest request failed; empty if it succeeded. */
  readonly fault: string;
  readonly isPaused: boolean;
  readonly setPaused: (isPaused: boolean) => void;
}

/** Provides the overview. Reads it repeatedly while the page is visible, in use and not paused. */
export function useLive(): Live {
  const [overview, setOverview] = useState<Overview>();
  const [history, setHistory] = useState(() => new SampleHistory());
  const [fault, setFault] = useState('');
  const [isPaused, setPaused] = useState(false);
  const lastInput = useLastInput();
  useEffect(() => {
    if (isPaused) return;
    lastInput.current = Date.now();
    let timer = 0;
    let isOver = false;
    const look = async () => {
      if (Date.now() - lastInput.current > idleMs) {
        setPaused(true);
        return;
      }
      if (!document.hidden) {
        try {
          const next = await read<Overview>('overview');
          if (isOver) return;
          setOverview(next);
          setHistory((before) => before.with(next));
          setFault('');
        } catch (error) {
          if (isOver) return;
          setFault(faultOf(error));
        }
      }
      timer = window.setTimeout(look, pauseMs);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isPaused, lastInput]);
  return { overview, history, fault, isPaused, setPaused };
}

/** Provides the time of the operator's latest input, in milliseconds since the Unix epoch. */
function useLastInput(): { current: number } {
  const lastInput = useRef(Date.now());
  useEffect(() => {
    const note = () => {
      lastInput.current = Date.now();
    };
    const events = ['pointerdown', 'keydown', 'scroll'];
    for (const name of events) addEventListener(name, note, { passive: true });
    return () => {
      for (const name of events) removeEventListener(name, note);
    };
  }, []);
  return lastInput;
}

export function faultOf(error: unknown): string {
  if (!(error instanceof ApiError)) return 'The server does not answer; the page tries again.';
  if (error.status === 401 || error.status === 403) return `Access refused: ${error.message}`;
  return error.message;
}
