// One device: a session with its bearer token, whose mailbox `session-mailbox/client` reads. Emits `change`, `message` and
// `ended`.

import { connect } from '../library/session-mailbox.js';
import { Ledger } from './ledger.js';
import { Network } from './network.js';

const LOG_KEPT = 4;
/** Number of messages to remember: more than a mailbox holds, because all its messages arrive again after a `reset`. */
const SEEN_KEPT = 120;
const OPENING_MS = 2_000;
/** Number of refusals after which the device gives a token up. Until then a new token may be on its way. */
const REFUSALS_BELIEVED = 3;

export class Device extends EventTarget {
  id;
  kind;
  /** The kind, with a number when the account has several devices of this kind. */
  label;
  account;
  network = new Network();
  ledger;
  log;
  /** `connecting`, `open`, `waiting`, `away`, `asleep` or `ended`. */
  state = 'connecting';
  /** Why the session has ended. */
  closed;
  #transport;
  #memory;
  #policy;
  #reader;
  #cursor;
  #seen;
  #mailbox;
  #refusals = 0;

  /** @param memory keeps the state of the device for other windows and for reloads */
  constructor({ id, kind, label, account }, { policy, reader, memory }) {
    super();
    Object.assign(this, { id, kind, label, account });
    this.#policy = policy;
    this.#reader = reader;
    this.#memory = memory;
    const { ledger, log = [], seen = [], cursor = '', transport = 'websocket', closed } = memory.read();
    this.ledger = new Ledger(ledger);
    this.log = log;
    this.closed = closed;
    this.#seen = seen;
    this.#cursor = cursor;
    this.#transport = transport;
    if (closed) this.state = 'ended';
  }

  get name() {
    return `${this.label} of ${this.account}`;
  }

  get cursor() {
    return this.#mailbox?.cursor ?? this.#cursor;
  }

  get isLive() {
    return this.state !== 'ended';
  }

  get isListening() {
    return this.state === 'open';
  }

  /** Resolves when the device has left the state `connecting`, or after two seconds. */
  async isOpened() {
    const limit = AbortSignal.timeout(OPENING_MS);
    while (this.state === 'connecting' && !limit.aborted) {
      await new Promise((resolve) => {
        this.addEventListener('change', resolve, { once: true });
        limit.addEventListener('abort', resolve, { once: true });
      });
    }
  }

  get transport() {
    return this.#transport;
  }

  set transport(transport) {
    this.#transport = transport;
    if (this.isLive && this.state !== 'asleep') this.connect();
    this.save();
  }

  get token() {
    // Another window may have rolled the token.
    return this.#memory.read().token;
  }

  set token(token) {
    this.#memory.write({ ...this.#memory.read(), token });
  }

  connect() {
    if (!this.isLive) return;
    this.#hangUp();
    const mailbox = connect({
      url: `/policies/${this.#policy}/`,
      transport: this.#transport,
      token: () => this.token,
      reader: this.#reader,
      after: this.#cursor,
      share: false,
      storage: null,
      fetch: this.network.fetch,
      WebSocket: this.network.WebSocket,
    });
    this.#mailbox = mailbox;
    this.#enter('connecting');
    for (const state of ['connecting', 'open', 'waiting', 'away']) mailbox.on(state, () => this.#enter(state));
    mailbox.on('waiting', () => this.#transport === 'websocket' && this.#askWhy(mailbox));
    mailbox.on('open', () => {
      this.#refusals = 0;
    });
    mailbox.on('lost', (lost) => this.#note({ lost }, () => this.ledger.wasTold(lost)));
    mailbox.on('reset', () => this.#note({ reset: true }, () => this.ledger.wasReset()));
    mailbox.on('closed', (closed) => this.#end(mailbox, closed));
    this.#read(mailbox);
  }

  /** Makes the device stop reading. Its session and its mailbox stay. */
  sleep() {
    this.#hangUp();
    this.#enter('asleep');
  }

  cut() {
    this.network.cut();
    this.#enter(this.state);
  }

  mend() {
    this.network.mend();
    this.connect();
  }

  /** Called when the window is left or shows another policy. */
  leave() {
    this.#hangUp();
    this.save();
  }

  /** Saves everything in one write, because the counts must include all messages up to the cursor. */
  save() {
    const { cursor, ledger, log, closed } = this;
    const { token } = this.#memory.read();
    this.#memory.write({ token, cursor, ledger, log, closed, seen: this.#seen, transport: this.#transport });
  }

  async #read(mailbox) {
    for await (const message of mailbox) {
      if (mailbox !== this.#mailbox) return;
      this.#take(message);
      // Save after the loop has asked for the next message, which moves the cursor past this message.
      queueMicrotask(() => this.save());
    }
  }

  #take({ offset, at, data }) {
    const key = `${offset}:${at}`;
    if (this.#seen.includes(key)) return;
    this.#seen = [...this.#seen, key].slice(-SEEN_KEPT);
    this.#note({ offset, at, data }, () => this.ledger.arrived(offset));
    this.dispatchEvent(new CustomEvent('message', { detail: { offset, at, data } }));
  }

  #note(entry, counted) {
    counted();
    this.log = [entry, ...this.log].slice(0, LOG_KEPT);
    this.#changed();
  }

  #hangUp() {
    const mailbox = this.#mailbox;
    if (!mailbox) return;
    this.#cursor = mailbox.cursor;
    this.#mailbox = undefined;
    mailbox.close();
  }

  /** Asks by a request why the server refused a WebSocket, which the browser does not report. The session may have ended. */
  async #askWhy(mailbox) {
    const headers = { authorization: `Bearer ${this.token}` };
    const answer = await this.network.fetch(`/policies/${this.#policy}/sessions`, { headers }).catch(() => undefined);
    if (answer?.status !== 401) return;
    const { code, detail, closed } = await answer.json();
    this.#refusals += 1;
    if (closed?.reconnect === false) this.#end(mailbox, closed);
    else if (this.#refusals >= REFUSALS_BELIEVED) this.#end(mailbox, { code, reason: detail });
  }

  #end(mailbox, closed) {
    if (mailbox !== this.#mailbox) return;
    this.#hangUp();
    this.closed = closed;
    this.#enter('ended');
    this.save();
    this.dispatchEvent(new CustomEvent('ended', { detail: closed }));
  }

  #enter(state) {
    this.state = state;
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
