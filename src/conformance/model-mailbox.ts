import type { AppendOutcome, Cursor, OutgoingMessage, ReadRequest, SessionContext } from '../index.js';

/** The fields of a context. */
export type ModelContext = Omit<SessionContext, 'readerGrace'>;

/** One offset of a mailbox. A replaced message is not lost. A gone message is lost to the readers that had not passed it. */
export interface ModelPlace {
  readonly offset: number;
  readonly at: number;
  readonly message: OutgoingMessage;
  state: 'kept' | 'replaced' | 'gone';
  /** The proof of a cursor that the store gave while this place was the tail. Unknown until the store returns it. */
  proof: number | undefined;
  /** The proof in the latest cursor that the store gave to this place. */
  givenWith: number | undefined;
}

/** Returns a proof; `undefined` until the store has returned it. */
type Proof = () => number | undefined;

interface ModelReader {
  readonly name: string;
  cursor: number;
  proof: Proof;
  /** Offset of the latest cursor that the store gave to this reader. */
  given: number;
  givenProof: Proof;
  lastPoll: number;
  parked: boolean;
}

export interface ExpectedRead {
  readonly offset: number;
  readonly places: readonly ModelPlace[];
  readonly lost: number;
  /** Whether the store's `lost` may be larger: a store may forget which messages behind all known readers were replaced. */
  readonly lostMore: boolean;
  readonly reset: boolean;
  readonly parked: boolean;
  /** The readers that have been silent for longest. The store evicts one of them; none when there is room. */
  readonly silentest: readonly string[];
}

/**
 * The reference mailbox. It remembers every offset and examines all of them in each operation. It removes a message that
 * all live readers have passed when a reader moves or when room is needed.
 */
export class ModelMailbox {
  /** Unknown until the store returns it. */
  epoch: string | undefined;
  places: ModelPlace[] = [];
  readers: ModelReader[] = [];
  /** The offset up to which all live readers had acknowledged everything at the last check. */
  #passed = 0;
  #passedProof: Proof = () => 0;
  /** Greatest offset that all known readers had reached at the same time. */
  #floor = 0;

  get kept(): readonly ModelPlace[] {
    return this.places.filter(({ state }) => state === 'kept');
  }

  get parked(): boolean {
    return this.readers.some((reader) => reader.parked);
  }

  age(now: number, context: ModelContext): void {
    for (const place of this.kept) {
      if (context.messageTtl > 0 && now - place.at >= context.messageTtl) place.state = 'gone';
    }
  }

  append(message: OutgoingMessage, at: number, now: number, context: ModelContext): Omit<Verdict, 'undelivered'> {
    this.age(now, context);
    if (!this.#hasRoom(message, context)) this.#letGo(now, context);
    if (!this.#hasRoom(message, context)) {
      if (context.onOverflow === 'reject') return { verdict: 'full', dropped: 0 };
      if (context.onOverflow === 'close') return { verdict: 'close', dropped: 0 };
      if (context.onOverflow === 'drop-newest') {
        this.#place(message, at, 'gone');
        return { verdict: 'dropped', dropped: 1 };
      }
    }
    for (const place of this.kept) {
      if (message.key !== undefined && place.message.key === message.key) place.state = 'replaced';
    }
    let dropped = 0;
    for (const place of this.kept) {
      if (this.#hasRoom(message, context)) break;
      place.state = 'gone';
      dropped += 1;
    }
    this.#place(message, at, 'kept');
    const given = this.places.length;
    for (const reader of this.readers) if (reader.parked) Object.assign(reader, { given, givenProof: this.#tailProof });
    return { verdict: 'accepted', dropped };
  }

  read({ reader: name, after, limit, wait }: ReadRequest, now: number, context: ModelContext): ExpectedRead {
    this.age(now, context);
    const known = this.readers.find((reader) => reader.name === name);
    const tail = this.places.length;
    const reset = typeof after === 'object' && !this.#isProven(after);
    const place = after === undefined ? known?.cursor : after === '' || reset ? undefined : after.offset;
    const from = place ?? this.#passed;
    const proof = this.#proofOf(after, known, reset);
    const silentest = known === undefined && this.readers.length >= context.maxReader ? this.#silentest() : [];
    const lostMore = from < this.#floor;
    const reader = known ?? { name, cursor: from, proof, given: from, givenProof: proof, lastPoll: now, parked: false };
    if (known === undefined) this.readers.push(reader);
    Object.assign(reader, { cursor: from, proof, lastPoll: now });
    const beyond = this.kept.filter(({ offset }) => offset > from);
    const places = beyond.slice(0, limit);
    const offset = places.length === beyond.length ? tail : (places.at(-1)?.offset ?? tail);
    const passed = this.places.filter((each) => each.offset > from && each.offset <= offset);
    const lost = passed.filter(({ state }) => state === 'gone').length;
    Object.assign(reader, { given: offset, givenProof: this.#tailProof });
    reader.parked = wait > 0 && places.length === 0 && lost === 0 && !reset;
    return { offset, places, lost, lostMore, reset, parked: reader.parked, silentest };
  }

  /** Completes a read. @param droppedReader the reader that the store evicted for it */
  afterRead(droppedReader: string | undefined, now: number, context: ModelContext): void {
    this.readers = this.readers.filter(({ name }) => name !== droppedReader);
    this.#letGo(now, context);
  }

  acknowledge(name: string, place: Cursor, now: number, context: ModelContext): void {
    const reader = this.readers.find((each) => each.name === name);
    if (reader === undefined || place.offset <= reader.cursor || !this.#isProven(place)) return;
    Object.assign(reader, { cursor: place.offset, proof: () => place.proof });
    this.#letGo(now, context);
  }

  /**
   * Returns a cursor at the offset, with the proof that the store gave or with a proof that fits no message. The latter
   * also replaces a cursor of which the model can't predict whether the store accepts it: a message whose time the model
   * does not know may have the same proof.
   */
  cursor(offset: number): Cursor {
    const place = this.places[offset - 1];
    const proof = offset === 0 ? 0 : (place?.givenWith ?? place?.proof ?? -1);
    const cursor = { epoch: this.epoch ?? 'unknown', offset, proof };
    return this.#isProven(cursor) || !this.#proofsFrom(offset).includes(undefined) ? cursor : { ...cursor, proof: -1 };
  }

  /** Records that the store gave a cursor to this place. The proof of that cursor is the proof of the tail. */
  learnCursor(offset: number, proof: number): void {
    const place = this.places[offset - 1];
    if (place !== undefined) place.givenWith = proof;
    if (offset > 0) this.learn(this.places.length, proof);
  }

  /** Records the proof of this place: the time at which the store accepted the message. */
  learn(offset: number, proof: number): void {
    const place = this.places[offset - 1];
    if (place !== undefined) place.proof = proof;
  }

  /**
   * Whether the store accepts the cursor. A store remembers the proofs of the tail, of the retained messages, of the last
   * message that all live readers have passed, and of each reader's places.
   */
  #isProven({ epoch, offset, proof }: Cursor): boolean {
    if (epoch !== this.epoch || offset > this.places.length) return false;
    return offset === 0 || this.#proofsFrom(offset).includes(proof);
  }

  #proofsFrom(offset: number): readonly (number | undefined)[] {
    const tail = this.places.length;
    const retained = this.places.filter((place) => place.state === 'kept' || place.offset === tail);
    const places = [
      ...retained.map((place) => ({ at: place.offset, proof: place.proof })),
      { at: this.#passed, proof: this.#passedProof() },
      ...this.readers.flatMap(({ cursor, proof, given, givenProof }) => [
        { at: cursor, proof: proof() },
        { at: given, proof: givenProof() },
      ]),
    ];
    return places.filter(({ at }) => at >= offset).map(({ proof }) => proof);
  }

  /** Returns the proof of a reader's cursor after a poll with the cursor `after`. */
  #proofOf(after: ReadRequest['after'], known: ModelReader | undefined, reset: boolean): Proof {
    if (typeof after === 'object' && !reset) return () => (after.offset === 0 ? 0 : after.proof);
    return after === undefined && known !== undefined ? known.proof : this.#passedProof;
  }

  get #tailProof(): Proof {
    const tail = this.places.at(-1);
    return () => (tail === undefined ? 0 : tail.proof);
  }

  unpark(now: number, name?: string): void {
    for (const reader of this.readers) {
      if (reader.parked && (name === undefined || reader.name === name)) {
        reader.parked = false;
        reader.lastPoll = now;
      }
    }
  }

  #place(message: OutgoingMessage, at: number, state: ModelPlace['state']): void {
    this.places.push({ offset: this.places.length + 1, at, message, state, proof: undefined, givenWith: undefined });
  }

  #hasRoom(message: OutgoingMessage, context: ModelContext): boolean {
    const beside = this.kept.filter((place) => message.key === undefined || place.message.key !== message.key);
    const bytes = beside.reduce((sum, place) => sum + place.message.bytes, message.bytes);
    return beside.length < context.msgMaxLength && bytes <= context.mailboxMaxBytes;
  }

  #letGo(now: number, context: ModelContext): void {
    const grace = 2 * context.pollTime + context.hbGrace;
    const live = this.readers.filter((reader) => reader.parked || now - reader.lastPoll < grace);
    if (live.length === 0) return;
    const passed = Math.min(...live.map(({ cursor }) => cursor));
    for (const place of this.kept) if (place.offset <= passed) place.state = 'gone';
    if (passed > this.#passed) {
      this.#passed = passed;
      this.#passedProof = live.find(({ cursor }) => cursor === passed)?.proof ?? this.#passedProof;
    }
    this.#floor = Math.max(this.#floor, Math.min(...this.readers.map(({ cursor }) => cursor)));
  }

  #silentest(): readonly string[] {
    const unparked = this.readers.filter((reader) => !reader.parked);
    const candidates = unparked.length > 0 ? unparked : this.readers;
    const longest = Math.min(...candidates.map(({ lastPoll }) => lastPoll));
    return candidates.filter(({ lastPoll }) => lastPoll === longest).map(({ name }) => name);
  }
}

export type Verdict = Pick<AppendOutcome, 'verdict' | 'dropped' | 'undelivered'>;
