// Draws messages on their way: from the sender to the server, to the mailbox, to the device.

const DOTS_MOST = 60;
const HOP_MS = 380;
const REMEMBERED = 500;

const still = matchMedia('(prefers-reduced-motion: reduce)');

export class Travel {
  #layer;
  #sender;
  #node;
  #cardOf;
  #dots = 0;
  /** Hops from the sender that are under way, by message. */
  #launched = new Map();
  /** Messages whose dots have moved into a mailbox, and wait there. */
  #inMailbox = new Set();

  /** @param cardOf returns the card of a device, or undefined */
  constructor(layer, { sender, node, cardOf }) {
    this.#layer = layer;
    this.#sender = sender;
    this.#node = node;
    this.#cardOf = cardOf;
  }

  pushed(id) {
    remember(this.#launched, id, this.#fly([this.#sender, this.#node]));
  }

  /** Draws a message on its way to the mailboxes that accepted it. For a device that listens, `arrived` draws the whole way. */
  async accepted(id, devices) {
    await this.#launched.get(id);
    for (const device of devices.filter((each) => !each.isListening)) {
      const tank = this.#cardOf(device)?.tank;
      if (!tank || this.#inMailbox.has(`${device.id} ${id}`)) continue;
      remember(this.#inMailbox, `${device.id} ${id}`);
      this.#fly([this.#node, tank]);
    }
  }

  async arrived(id, device) {
    await this.#launched.get(id);
    const card = this.#cardOf(device);
    if (!card) return;
    const isInside = this.#inMailbox.delete(`${device.id} ${id}`);
    this.#fly(isInside ? [card.tank, card.face] : [this.#node, card.tank, card.face]);
  }

  async #fly(stops) {
    if (still.matches || document.hidden || this.#dots >= DOTS_MOST) return;
    const dot = document.createElement('i');
    const frames = stops.map((stop) => ({ translate: centreOf(stop) }));
    this.#layer.append(dot);
    this.#dots += 1;
    const flight = dot.animate(frames, { duration: HOP_MS * (stops.length - 1), easing: 'ease-in-out' });
    // Remove the dot also when the animation was cancelled.
    await flight.finished.catch(() => {});
    this.#dots -= 1;
    dot.remove();
  }
}

function centreOf(element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return `${left + width / 2}px ${top + Math.min(height / 2, 24)}px`;
}

/** Keeps the newest entries of a map or a set. */
function remember(collection, key, value) {
  if (collection instanceof Map) collection.set(key, value);
  else collection.add(key);
  if (collection.size > REMEMBERED) collection.delete(collection.keys().next().value);
}
