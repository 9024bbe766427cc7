import { steadyNow } from '../steady.js';
import { History } from './history.js';
import type { StoreChanges } from './store-changes.js';

interface End {
  /** Time at which the step that ended the token was sent. `to` is the time at which it was acknowledged. */
  readonly from: number;
  readonly to: number;
  readonly how: string;
}

interface Count {
  readonly from: number;
  readonly to: number;
  readonly live: number;
}

/** The logins of one account: its limit, and the tokens that were closed or rotated. */
export class LoginHistory extends History {
  /** Number of tokens that were live again after a change of history. Complete after `settle`. */
  cameBack = 0;
  logins = 0;
  ended = 0;
  readonly #limit: number;
  readonly #ends = new Map<string, End>();
  /** Keyed by token and end, so that a token that is used several times counts once. */
  readonly #returns = new Map<string, { readonly id: string; readonly end: End }>();
  readonly #counts: Count[] = [];

  constructor(subject: string, limit: number) {
    super(subject);
    this.#limit = limit;
  }

  login(token: string): void {
    this.logins += 1;
    this.note(`login ${idOf(token)}`);
  }

  /** Records that a step that ends these tokens was acknowledged. @param from time at which it was sent */
  end(tokens: Iterable<string>, from: number, how: string): void {
    const to = steadyNow();
    for (const token of tokens) {
      if (!this.#ends.has(token)) this.ended += 1;
      this.#ends.set(token, { from, to, how });
    }
    this.note(how);
  }

  /** Records that a token was accepted. */
  accepted(token: string): void {
    const end = this.#ends.get(token);
    if (end === undefined) return;
    this.note(`accepted ${idOf(token)}, which had ended: ${end.how}`);
    this.#returns.set(`${token} ${end.from}`, { id: idOf(token), end });
  }

  /** Records that `live` sessions of the account were found live, one after the other, while nothing ended a session. */
  counted(live: number, from: number): void {
    this.note(`${live} live`);
    this.#counts.push({ from, to: steadyNow(), live });
  }

  /** Records that the store listed `count` sessions in one answer. */
  listed(count: number): void {
    if (count > this.#limit) this.violate(`${count} sessions are listed, and the limit is ${this.#limit}`);
  }

  settle(changes: StoreChanges): void {
    for (const { from, to, live } of this.#counts) {
      // Sessions found before and after the store went back were not live at the same time.
      if (live > this.#limit && !changes.mayUndo(from, to)) {
        this.violate(`${live} sessions were live at once, and the limit is ${this.#limit}`);
      }
    }
    for (const { id, end } of this.#returns.values()) {
      if (changes.mayUndo(end.from, end.to)) this.cameBack += 1;
      else this.violate(`${id} was accepted after its end (${end.how}), and the store forgot nothing`);
    }
  }
}

function idOf(token: string): string {
  return token.slice(0, 24);
}
