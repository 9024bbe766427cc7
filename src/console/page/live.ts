import { useEffect, useRef, useState } from 'preact/hooks';
import { History } from './history.js';
import { type Overview, Refusal, read } from './wire.js';

/** Between two looks. */
const pauseMs = 2_000;
/** Without any input the page stops looking: the guard may renew the operator's session with each look. */
const idleMs = 600_000;

export interface Live {
  readonly overview: Overview | undefined;
  readonly history: History;
  /** Why there is nothing newer; empty while there is. */
  readonly fault: string;
  readonly isPaused: boolean;
  readonly setPaused: (isPaused: boolean) => void;
}

/** The overview, read again and again while the page is visible, used and not paused. */
export function useLive(): Live {
  const [overview, setOverview] = useState<Overview>();
  const [history, setHistory] = useState(() => new History());
  const [fault, setFault] = useState('');
  const [isPaused, setPaused] = useState(false);
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
  }, [isPaused]);
  return { overview, history, fault, isPaused, setPaused };
}

export function faultOf(error: unknown): string {
  if (!(error instanceof Refusal)) return 'The server does not answer; the page tries again.';
  if (error.status === 401 || error.status === 403) return `You are not let in: ${error.message}`;
  return error.message;
}
