// Sends messages: a single one, or twenty a second.

import { $, announce, count, onClick, setText } from './dom.js';

const PER_SECOND = 20;
/** Maximum number of unanswered pushes at a time, so that a server which returns does not get a burst of them. */
const UNANSWERED_MOST = 4;

let world;
let sending;
let unanswered = 0;
let sentNumber = 0;

export function sendThrough(next) {
  world = next;
  stop();
  showTargets();
}

/** Lists the targets: accounts first, then everyone, then each device. */
export function showTargets() {
  const accounts = [...new Set(world.devices.filter(({ isLive }) => isLive).map(({ account }) => account))];
  const options = [
    ...accounts.map((account) => ({ value: JSON.stringify({ account }), text: `${account}: all devices` })),
    { value: JSON.stringify({ app: 'default' }), text: 'Everyone' },
    ...world.devices
      .filter(({ isLive }) => isLive)
      .map(({ id, name }) => ({ value: JSON.stringify({ session: id }), text: `${name} alone` })),
  ];
  // Keep the list while no account is live: if `Everyone` were the only target, it would be selected and stay selected.
  if (accounts.length === 0) return;
  const list = $('to');
  const signature = JSON.stringify(options);
  if (list.dataset.signature === signature) return;
  list.dataset.signature = signature;
  const chosen = list.value;
  list.replaceChildren(...options.map(({ value, text }) => new Option(text, value)));
  if (options.some(({ value }) => value === chosen)) list.value = chosen;
}

async function send(text) {
  unanswered += 1;
  try {
    return await world.push(JSON.parse($('to').value), text);
  } finally {
    unanswered -= 1;
  }
}

function stop() {
  clearInterval(sending);
  sending = undefined;
  $('send-many').ariaPressed = 'false';
  setText($('send-many'), `${PER_SECOND} a second`);
}

function start() {
  sending = setInterval(() => {
    if (unanswered >= UNANSWERED_MOST) return;
    sentNumber += 1;
    // Ignore the error: the world counts pushes that were not accepted.
    send(`${$('text').value} ${sentNumber}`).catch(() => {});
  }, 1_000 / PER_SECOND);
  $('send-many').ariaPressed = 'true';
  setText($('send-many'), 'Stop sending');
}

export function wireSender() {
  $('send').addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      announce(`Accepted by ${count(await send($('text').value), 'mailbox', 'mailboxes')}.`);
    } catch (error) {
      announce(`Not accepted: ${error.message}`, 'bad');
    }
  });
  onClick($('send-many'), async () => (sending ? stop() : start()));
}
