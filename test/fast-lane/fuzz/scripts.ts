import { between, type Random, randomFrom } from '../../torture/random.js';
import { mutated } from './mutations.js';
import { type Caller, heldPollOf, otherOf, pollOf, textOf } from './requests.js';

/** A step on one connection. Each step starts when the previous steps have had their full effect. */
export type Step =
  | { readonly kind: 'send'; readonly bytes: string }
  /** A message is pushed to the session of the connection. */
  | { readonly kind: 'push' }
  /** The client ends its side of the connection. */
  | { readonly kind: 'end' };

const mostPieces = 6;
/** Number of places, counted in bytes from the start, at which requests are cut in two. */
const mostCuts = 400;

/**
 * Returns the script of a connection, which depends only on the seed and the number.
 * @param number also determines where requests are cut in two, so that every place is used
 * @param holds whether polls are held. If so, no request is mutated, because a mutated poll that is held would never end.
 * @param apart whether no piece contains two requests
 */
export function scriptOf(
  seed: number,
  number: number,
  caller: Caller,
  { holds = false, apart = false }: { readonly holds?: boolean; readonly apart?: boolean },
): readonly Step[] {
  const random = randomFrom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const steps: Step[] = [];
  const mutates = holds ? 0 : random() < 0.8 ? 0.06 : 0.5;
  const textIn = (others: number): string => {
    const text = requestText(caller, mutates, others, holds, random);
    return apart && hasMore(text) ? textOf(pollOf(caller, random, holds)) : text;
  };
  for (let group = between(1, 6, random); group > 0; group--) {
    const others = random() < 0.5 ? 0 : random();
    const texts = Array.from({ length: between(1, 12, random) }, () => textIn(others));
    const isHeld = holds && random() < 0.7;
    if (isHeld) texts[0] = textOf(heldPollOf(caller, random));
    const pieces = apart ? texts.flatMap((text) => cut([text], number, random)) : cut(texts, number, random);
    for (const bytes of pieces) steps.push({ kind: 'send', bytes });
    if (isHeld) steps.push({ kind: 'push' });
  }
  if (random() < 0.5) steps.push({ kind: 'end' });
  return steps;
}

/**
 * Returns the text of a request. A mutated request may remove messages, so it uses the session without messages.
 * @param others probability of a request that is not a plain poll
 */
function requestText(caller: Caller, mutates: number, others: number, holds: boolean, random: Random): string {
  const isMutated = random() < mutates;
  const own = isMutated ? { ...caller, full: caller.empty } : caller;
  const request = random() < others ? otherOf(own, random, !holds) : pollOf(own, random, holds);
  return isMutated ? mutated(request, own, random) : textOf(request);
}

/** Whether anything follows the first empty line. */
function hasMore(text: string): boolean {
  const end = /\r?\n\r?\n/.exec(text);
  return end !== null && end.index + end[0].length < text.length;
}

/** Divides the bytes of requests into pieces. */
function cut(texts: readonly string[], number: number, random: Random): readonly string[] {
  const all = texts.join('');
  const kind = random();
  if (kind < 0.4) return all === '' ? [] : [all];
  if (kind < 0.75) return texts.filter((text) => text !== '');
  if (kind < 0.9) {
    const at = number % Math.min(mostCuts, Math.max(1, all.length));
    return [all.slice(0, at), all.slice(at)].filter((piece) => piece !== '');
  }
  const places = Array.from({ length: between(1, mostPieces, random) }, () => between(0, all.length, random));
  const ends = [...places.toSorted((a, b) => a - b), all.length];
  return ends.map((end, n) => all.slice(ends[n - 1] ?? 0, end)).filter((piece) => piece !== '');
}
