import type { SessionPlaces } from './session-places.js';

/** What this process remembers of a sid. All of it can be found out again. */
export interface SidNotes {
  readonly visitorId: string;
  /** The session it was bound to when last looked at. A guess, which is looked at beside the truth. */
  loginId: string | undefined;
  /** The last renewal known of the session that holds the data, and the idle time it has. */
  renewal: { readonly id: string; readonly time: number; readonly ttl: number } | undefined;
  /** When the visitor session would expire, as far as is known. */
  visitorUntil: number;
}

/** The sids asked for lately: so many, and then the one not asked for longest is forgotten. */
export class RecentSids {
  readonly #places: SessionPlaces;
  readonly #most: number;
  readonly #notes = new Map<string, SidNotes>();

  constructor(places: SessionPlaces, most: number) {
    this.#places = places;
    this.#most = most;
  }

  of(sid: string): SidNotes {
    const known = this.#notes.get(sid);
    if (known !== undefined) this.#notes.delete(sid);
    const notes = known ?? {
      visitorId: this.#places.visitorId(sid),
      loginId: undefined,
      renewal: undefined,
      visitorUntil: 0,
    };
    this.#notes.set(sid, notes);
    if (this.#notes.size > this.#most) this.#forgetOldest();
    return notes;
  }

  forget(sid: string): void {
    this.#notes.delete(sid);
  }

  clear(): void {
    this.#notes.clear();
  }

  #forgetOldest(): void {
    for (const sid of this.#notes.keys()) {
      this.#notes.delete(sid);
      return;
    }
  }
}
