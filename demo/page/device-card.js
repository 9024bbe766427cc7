// The card of one device: its mailbox as a bar, its received messages, its state, and its buttons.

import { announce, cloneOf, count, onClick, partsOf, setText } from './dom.js';

/**
 * Maximum number of devices with a poll or a stream. Each of them holds one of the six connections that a browser opens to a
 * server.
 */
const HELD_MOST = 3;
/** Messages of a flood, as a multiple of the size of the mailbox. */
const FLOOD = 1.6;

const STATES = {
  connecting: 'Connecting',
  open: 'Listening',
  waiting: 'Trying again',
  away: 'Trying again',
  asleep: 'Asleep',
  cut: 'No network',
};
/** Short labels for the reasons of a close, shown on the card. */
const ENDINGS = {
  evicted: 'Evicted',
  logout: 'Logged out',
  revoked: 'Logged out',
  expired: 'Expired',
  replaced: 'Replaced',
};

export class DeviceCard {
  node = cloneOf('device-template');
  #parts = partsOf(this.node);
  #world;
  #device;
  #isDue = false;

  constructor(world, device) {
    this.#world = world;
    this.#device = device;
    const { icon, kind, account, tank, transport } = this.#parts;
    this.node.dataset.id = device.id;
    icon.setAttribute('href', `#icon-${device.kind.toLowerCase()}`);
    kind.textContent = device.label;
    kind.title = `Session ${device.id}`;
    account.textContent = device.account;
    account.title = device.account;
    tank.ariaLabel = `Mailbox of the ${device.name}`;
    transport.ariaLabel = `Transport of the ${device.name}`;
    this.#wire();
    device.addEventListener('change', () => this.showSoon());
    this.show();
  }

  /** The element to which messages travel. */
  get tank() {
    return this.#parts.tank;
  }

  get face() {
    return this.#parts.picture;
  }

  /** Shows the device at most once for each frame, however fast messages arrive. */
  showSoon() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.show();
    });
  }

  show() {
    const { ledger, closed, network, log, transport: chosen, isLive } = this.#device;
    const { msgMaxLength: most } = this.#world.settings;
    const { tank, level, fill, state, reason, log: list, delivered, told, resets, cursor, acts, after } = this.#parts;
    const { transport, network: networkButton, sleep } = this.#parts;
    const shown = Math.min(most, isLive ? ledger.expected : 0);
    this.node.dataset.state = this.#state;
    tank.ariaValueMax = most;
    tank.ariaValueNow = shown;
    tank.ariaValueText = `${shown} of ${most} messages wait`;
    level.style.height = `${(shown / most) * 100}%`;
    level.dataset.isFull = shown >= most;
    setText(fill, shown);
    setText(state, closed ? (ENDINGS[closed.code] ?? 'Ended') : STATES[this.#state]);
    setText(reason, closed && `${closed.reason} (${closed.code})`);
    reason.hidden = !closed;
    showLog(list, log);
    setText(delivered, ledger.delivered);
    setText(told, ledger.told);
    setText(resets, ledger.resets);
    setText(cursor, this.#device.cursor || '–');
    transport.value = chosen;
    setText(networkButton, network.isCut ? 'Go online' : 'Go offline');
    networkButton.ariaPressed = network.isCut;
    setText(sleep, this.#state === 'asleep' ? 'Wake' : 'Sleep');
    sleep.ariaPressed = this.#state === 'asleep';
    for (const [name, button] of Object.entries(this.#parts)) {
      if (button.type === 'button') button.ariaLabel = `${button.textContent}: ${this.#device.name}`;
      if (name === 'network') button.ariaDisabled = String(this.#state === 'asleep');
    }
    acts.hidden = !isLive;
    after.hidden = isLive;
  }

  get #state() {
    const { state, network } = this.#device;
    return network.isCut && state !== 'asleep' && state !== 'ended' ? 'cut' : state;
  }

  #wire() {
    const { transport, network, sleep, flood, roll, logout, again, remove } = this.#parts;
    const device = this.#device;
    const world = this.#world;
    transport.addEventListener('change', () => this.#choose(transport.value));
    onClick(network, async () => (device.network.isCut ? device.mend() : device.cut()));
    onClick(sleep, async () => (device.state === 'asleep' ? device.connect() : device.sleep()));
    onClick(flood, async () => {
      const amount = Math.round(world.settings.msgMaxLength * FLOOD);
      await world.flood(device, amount);
      announce(`The mailbox got ${amount} messages at once, and holds ${world.settings.msgMaxLength}.`);
    });
    onClick(roll, async () => {
      await world.roll(device);
      announce(`The ${device.name} has a new token. The connection of the old token ended, and no message was missed.`);
    });
    onClick(logout, () => world.logOut(device));
    onClick(again, async () => {
      if (await world.logIn(device)) world.remove(device);
    });
    onClick(remove, async () => world.remove(device));
  }

  #choose(transport) {
    const held = this.#world.devices.filter(
      (each) => each !== this.#device && each.isLive && each.transport !== 'websocket',
    );
    if (transport !== 'websocket' && held.length >= HELD_MOST) {
      announce(
        'A browser opens six connections to a server. At most three devices may poll or stream, so that some stay free.',
        'bad',
      );
      this.show();
      return;
    }
    this.#device.transport = transport;
  }
}

function showLog(list, log) {
  const texts = log.map(textOf);
  for (let index = 0; index < Math.max(texts.length, list.children.length); index += 1) {
    const node = list.children[index] ?? list.appendChild(document.createElement('li'));
    if (index >= texts.length) node.remove();
    else {
      setText(node, texts[index]);
      node.classList.toggle('notice', log[index].offset === undefined);
    }
  }
}

function textOf({ offset, data, lost, reset }) {
  if (lost) return `${count(lost, 'message')} lost: the mailbox was full`;
  if (reset) return 'reset: the store may have forgotten messages';
  return `${offset} ${typeof data?.text === 'string' ? data.text : JSON.stringify(data)}`;
}

/** Returns the card of a login that the limit refused. It has no device. */
export function refusedCard({ account, kind, code, reason }) {
  const node = cloneOf('device-template');
  const {
    icon,
    kind: kindNode,
    account: accountNode,
    state,
    reason: reasonNode,
    acts,
    after,
    again,
    remove,
  } = partsOf(node);
  node.dataset.state = 'refused';
  icon.setAttribute('href', `#icon-${kind.toLowerCase()}`);
  kindNode.textContent = kind;
  accountNode.textContent = account;
  accountNode.title = account;
  state.textContent = 'Refused';
  reasonNode.textContent = `${reason} (409 ${code})`;
  reasonNode.hidden = false;
  acts.remove();
  again.remove();
  after.hidden = false;
  remove.textContent = 'Dismiss';
  remove.ariaLabel = `Dismiss: ${kind} of ${account}`;
  for (const part of node.querySelectorAll('.mailbox, .log, .figures')) part.remove();
  remove.addEventListener('click', () => {
    node.remove();
    document.getElementById('devices-title').focus();
  });
  return node;
}
