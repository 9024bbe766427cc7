// All devices of one policy, and the messages to them. Emits `change`, `device`, `gone`, `refused`, `push`, `accepted`,
// `message`, `ended` and `server`.

import { Device } from './device.js';
import { NoAnswer, serviceOf } from './server.js';
import { deviceList, memoryOf } from './storage.js';

/** Milliseconds between two requests for the state of the mailboxes. */
const LOOK_EVERY = 1_000;
const LOOK_SOON = 250;

const firstDevices = [
  { account: 'ada', kind: 'Laptop', transport: 'sse' },
  { account: 'ada', kind: 'Phone', transport: 'poll' },
  { account: 'ada', kind: 'Tablet', transport: 'websocket' },
  { account: 'ben', kind: 'Laptop', transport: 'websocket' },
];

/** Returns a random text by which a message is recognised when it arrives. */
const newId = () => crypto.getRandomValues(new Uint32Array(2)).join('');

export const now = () => performance.timeOrigin + performance.now();

export class World extends EventTarget {
  policy;
  devices = [];
  /** The settings of the server. */
  settings = { maxSession: 5, msgMaxLength: 50, onMaxSession: '' };
  /** Number of pushes that the server did not accept. The sender got the error. */
  failed = 0;
  /** Live sessions of the same accounts, in this browser and in others. */
  liveSessions = [];
  #service;
  #reader;
  #timer;
  #isOpen = true;
  #isLooking = false;

  constructor(policy, reader) {
    super();
    this.policy = policy;
    this.#reader = reader;
    this.#service = serviceOf(policy);
  }

  /** Shows the devices of this browser, or logs in the first devices. */
  async open() {
    this.sync();
    await this.look();
    if (this.devices.length > 0 || !this.#isOpen) return;
    // Use other accounts if another browser has sessions of these: it may have reached their limit.
    const { sessions } = await this.#service.mailboxes([...new Set(firstDevices.map(({ account }) => account))]);
    const suffix = sessions.length === 0 ? '' : `-${Math.random().toString(36).slice(2, 6)}`;
    for (const each of firstDevices) await this.logIn({ ...each, account: each.account + suffix });
  }

  close() {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    for (const device of this.devices) device.leave();
  }

  /** Adds and removes devices that another window has logged in or removed. */
  sync() {
    const listed = deviceList.read(this.policy);
    for (const device of this.devices) if (!listed.some(({ id }) => id === device.id)) this.#drop(device);
    for (const each of listed) if (!this.devices.some(({ id }) => id === each.id)) this.#add(each);
  }

  /** Returns the number of live sessions of an account, in this browser and elsewhere. */
  liveCount(account) {
    const here = this.devices.filter((device) => device.isLive && device.account === account);
    // The server may have listed a login of this window before the answer to the login arrived.
    const isElsewhere = (each) => each.account === account && !this.devices.some(({ id }) => id === each.id);
    return here.length + this.liveSessions.filter(isElsewhere).length;
  }

  // ---- Sessions

  /** Logs a device in. Returns false and emits `refused`, instead of throwing, if the limit refuses the login. */
  async logIn({ account, kind, transport = 'websocket' }) {
    try {
      const { id, token } = await this.#service.logIn(account, kind);
      memoryOf(this.policy, id).write({ token, transport });
      const listed = deviceList.read(this.policy);
      deviceList.write(this.policy, [...listed, { id, account, kind, label: labelOf(listed, account, kind) }]);
      this.sync();
      this.lookSoon();
      return true;
    } catch (error) {
      if (error.code !== 'SESSION_LIMIT') throw error;
      this.#tell('refused', { account, kind, code: error.code, reason: error.message });
      return false;
    }
  }

  async logOut(device) {
    await this.#service.logOut(device.token);
  }

  async roll(device) {
    const { token } = await this.#service.rotate(device.token);
    device.token = token;
  }

  remove(device) {
    const rest = deviceList.read(this.policy).filter(({ id }) => id !== device.id);
    deviceList.write(this.policy, rest);
    memoryOf(this.policy, device.id).forget();
    this.sync();
  }

  // ---- Messages

  /** @param to `{ session }`, `{ account }` or `{ app }` */
  async push(to, text) {
    const data = { text, n: newId(), t: now() };
    this.#tell('push', { to, id: data.n });
    try {
      const { accepted } = await this.#service.push(to, data);
      const reached = this.devices.filter((device) => device.isLive && isMeant(device, to));
      // If fewer mailboxes accepted, it is not known which ones. The offsets of the messages that arrive will show it.
      if (accepted >= reached.length) for (const device of reached) device.ledger.accepted(1);
      this.#tell('accepted', { id: data.n, reached, accepted });
      return accepted;
    } catch (error) {
      this.failed += 1;
      this.#changed();
      throw error;
    } finally {
      this.lookSoon();
    }
  }

  async flood(device, amount) {
    const data = Array.from({ length: amount }, (_, n) => ({
      text: `flood ${n + 1} of ${amount}`,
      n: newId(),
      t: now(),
    }));
    for (const { n } of data.slice(0, 8)) this.#tell('push', { to: { session: device.id }, id: n });
    const { accepted } = await this.#service.flood(device.id, data);
    device.ledger.accepted(accepted);
    for (const { n } of data.slice(0, 8)) this.#tell('accepted', { id: n, reached: [device], accepted: 1 });
    this.lookSoon();
  }

  // ---- State of the mailboxes

  lookSoon() {
    this.#schedule(LOOK_SOON);
  }

  async look() {
    if (!this.#isOpen || this.#isLooking) return;
    this.#isLooking = true;
    const versions = new Map(this.devices.map(({ id, ledger }) => [id, ledger.version]));
    try {
      const accounts = [...new Set(this.devices.map(({ account }) => account))];
      const { sessions, ...settings } = await this.#service.mailboxes(accounts);
      this.settings = settings;
      this.liveSessions = sessions;
      for (const { id, undelivered } of sessions) {
        const device = this.devices.find((each) => each.id === id);
        device?.ledger.counted(undelivered, versions.get(id));
      }
      this.#tell('server', { isUp: true });
    } catch (error) {
      this.#tell('server', {
        isUp: false,
        isStoreAway: error.status === 503,
        isDown: error instanceof NoAnswer,
        error,
      });
    }
    this.#isLooking = false;
    this.#changed();
    this.#schedule(LOOK_EVERY);
  }

  #due = Number.POSITIVE_INFINITY;

  #schedule(delay) {
    if (!this.#isOpen || this.#isLooking) return;
    const due = performance.now() + delay;
    if (this.#due <= due) return;
    this.#due = due;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#due = Number.POSITIVE_INFINITY;
      this.look();
    }, delay);
  }

  #add(listed) {
    const device = new Device(listed, {
      policy: this.policy,
      reader: this.#reader,
      memory: memoryOf(this.policy, listed.id),
    });
    this.devices = [...this.devices, device];
    device.addEventListener('change', () => this.#changed());
    device.addEventListener('message', ({ detail }) => {
      this.#tell('message', { device, message: detail });
      this.lookSoon();
    });
    device.addEventListener('ended', ({ detail }) => this.#tell('ended', { device, closed: detail }));
    this.#tell('device', { device });
    device.connect();
  }

  #drop(device) {
    this.devices = this.devices.filter((each) => each !== device);
    device.network.cut();
    device.sleep();
    this.#tell('gone', { device });
  }

  #tell(type, detail) {
    if (this.#isOpen) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #changed() {
    this.#tell('change', {});
  }
}

/** Returns a label with a number that no other device of the list has: `Phone`, `Phone 2`, … */
function labelOf(listed, account, kind) {
  for (let number = 1; ; number += 1) {
    const label = number === 1 ? kind : `${kind} ${number}`;
    if (!listed.some((each) => each.account === account && each.label === label)) return label;
  }
}

function isMeant(device, to) {
  if (to.session !== undefined) return device.id === to.session;
  return to.account === undefined || device.account === to.account;
}
