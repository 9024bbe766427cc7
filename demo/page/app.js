// The demo's page: devices of two accounts side by side, the messages between them, and buttons that break things.

import { showServer, wireBreaks } from './break.js';
import { followCode, showCode } from './code.js';
import { DeviceCard, refusedCard } from './device-card.js';
import { $, announce, count, onClick, setText, showEach } from './dom.js';
import { Plot } from './plot.js';
import { sendThrough, showTargets, wireSender } from './sender.js';
import { chosenPolicy, claimReader, listKey, yieldReader } from './storage.js';
import { showTotals } from './totals.js';
import { Travel } from './travel.js';
import { now, World } from './world.js';

let world;
let reader = claimReader();
let wasUp = true;
/** Whether the devices of the chosen policy are loaded. */
let isEntered = false;
const cards = new Map();
const plot = new Plot();
const travel = new Travel($('travel'), {
  sender: $('send-one'),
  node: $('node-title'),
  cardOf: (device) => cards.get(device.id),
});

// ---- One policy at a time

function enter(policy) {
  leave();
  const next = new World(policy, reader);
  world = next;
  chosenPolicy.write(policy);
  $('console').href = `/policies/${policy}/console/`;
  next.addEventListener('device', ({ detail: { device } }) => addCard(device));
  next.addEventListener('gone', ({ detail: { device } }) => removeCard(device));
  next.addEventListener('refused', ({ detail }) => {
    $('devices').append(refusedCard(detail));
    announce(`The login of a ${detail.kind.toLowerCase()} of ${detail.account} was refused: ${detail.reason}`, 'bad');
  });
  next.addEventListener('ended', ({ detail: { device, closed } }) => {
    announce(`The ${device.name} has ended. ${closed.reason}`, closed.code === 'logout' ? 'good' : 'bad');
  });
  next.addEventListener('push', ({ detail: { id } }) => travel.pushed(id));
  next.addEventListener('accepted', ({ detail: { id, reached } }) => travel.accepted(id, reached));
  next.addEventListener('message', ({ detail: { device, message } }) => {
    const { n, t } = message.data ?? {};
    plot.add(typeof t === 'number' ? Math.max(0, now() - t) : undefined);
    travel.arrived(n, device);
  });
  next.addEventListener('server', ({ detail }) => showStatus(detail));
  next.addEventListener('change', showSoon);
  sendThrough(next);
  allowLogin(false);
  $('status').dataset.state = 'connecting';
  setText($('status'), 'Connecting');
  next
    .open()
    .catch((error) => announce(error.message, 'bad'))
    .then(() => {
      if (world !== next) return;
      $('account').value = world.devices[0]?.account ?? 'ada';
      allowLogin(true);
      showSoon();
    });
}

/** Enables or disables the login form. Until the first devices are loaded, it still shows an account of the previous policy. */
function allowLogin(isAllowed) {
  isEntered = isAllowed;
  for (const control of $('login').elements) control.disabled = !isAllowed;
}

function leave() {
  world?.close();
  cards.clear();
  $('devices').replaceChildren();
  setText($('news'), '');
}

function addCard(device) {
  const card = new DeviceCard(world, device);
  cards.set(device.id, card);
  $('devices').append(card.node);
}

function removeCard(device) {
  const card = cards.get(device.id);
  if (card?.node.contains(document.activeElement)) $('devices-title').focus();
  card?.node.remove();
  cards.delete(device.id);
}

// ---- Showing

let isDue = false;

function showSoon() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    show();
  });
}

function show() {
  showTotals(world);
  showTargets();
  for (const card of cards.values()) card.show();
  const { maxSession } = world.settings;
  const accounts = [...new Set(world.devices.filter(({ isLive }) => isLive).map(({ account }) => account))];
  showEach($('accounts'), accounts, (account) => {
    const name = Object.assign(document.createElement('span'), { className: 'account', title: account });
    name.textContent = account;
    return [name, `${world.liveCount(account)} of ${maxSession}`];
  });
  if (wasUp && isEntered) showListening();
}

function showListening() {
  const live = world.devices.filter(({ isLive }) => isLive);
  const listening = live.filter(({ isListening }) => isListening);
  $('status').dataset.state = listening.length === live.length ? 'live' : 'some';
  setText($('status'), `${listening.length} of ${count(live.length, 'device')} listening`);
}

function showStatus({ isUp, isStoreAway, isDown, error }) {
  let trouble = '';
  if (isStoreAway) trouble = 'The store is away. Held polls stay held, and go on when it is back.';
  else if (isDown) trouble = 'The server is restarting; reconnecting';
  else if (!isUp) trouble = error.message;
  setText($('trouble'), trouble);
  $('trouble').hidden = trouble === '';
  if (isUp && !wasUp) showServer();
  wasUp = isUp;
  if (isUp) return;
  $('status').dataset.state = 'trouble';
  setText($('status'), isStoreAway ? 'Store away' : isDown ? 'Not connected' : 'Refused');
}

// ---- Actions

function wireLogin() {
  const chosen = () => ({ account: $('account').value, kind: $('kind').value });
  $('login').addEventListener('submit', async (event) => {
    event.preventDefault();
    await world.logIn(chosen()).catch((error) => announce(error.message, 'bad'));
  });
  // Log in as many devices as are needed to exceed the limit by one.
  onClick($('sixth'), async () => {
    if (!$('login').reportValidity()) return;
    const here = world;
    const { account, kind } = chosen();
    const { maxSession } = here.settings;
    const needed = Math.max(1, maxSession + 1 - here.liveCount(account));
    for (let login = 0; login < needed && here === world; login += 1) {
      if (!(await here.logIn({ account, kind }))) return;
      // Wait until the device listens. Otherwise `evict-idle` would take it for the idlest device.
      await here.devices.at(-1)?.isOpened();
    }
  });
}

wireLogin();
wireSender();
wireBreaks(() => world.lookSoon());
followCode(() => world.policy);
showCode('push');
showServer();
$('policies').addEventListener('change', ({ target }) => enter(target.value));
const policy = chosenPolicy.read();
for (const radio of $('policies').querySelectorAll('input')) radio.checked = radio.value === policy;
enter(policy);

// Follow another window that logs devices in or removes them.
addEventListener('storage', ({ key }) => {
  if (key === listKey(world.policy)) world.sync();
});
addEventListener('pagehide', () => {
  for (const device of world.devices) device.leave();
  yieldReader(reader);
});
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  reader = claimReader();
  enter(world.policy);
});
