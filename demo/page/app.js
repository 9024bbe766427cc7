// The demo's page: shows the sessions of an account and the messages of this session, and pushes messages.
// Data from outside are inserted as text, never as HTML.

import { ask, MailboxClient, pause } from './mailbox-client.js';

const REFRESH_EVERY = 2_000;
const MESSAGES_KEPT = 100;

const BROWSERS = { Edge: /Edg/, Opera: /OPR/, Firefox: /Firefox|FxiOS/, Chrome: /Chrom|CriOS/, Safari: /Safari/ };
const SYSTEMS = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux'];
const LIMIT_RULES = {
  reject: 'One more login is refused.',
  'evict-oldest': 'One more login ends the oldest session.',
  'evict-idle': 'One more login ends the session that was idle longest.',
};
const TIME_UNITS = { day: 86_400, hour: 3_600, minute: 60, second: 1 };
const relativeTime = new Intl.RelativeTimeFormat('en');

const noMailbox = { id: '', cursor: '', log: [] };
const client = new MailboxClient({ take, status: showStatus, over: leave });
let mailbox = noMailbox;
let reader = claimReader();
let settings;
let latestRefresh = 0;

// ---- Storage of the tab

// Two tabs with the same reader name would end each other's polls, and a duplicated tab starts with a copy of the session
// storage. So an open tab removes its name from there, and stores it again when it is left: a reload finds the name, a
// duplicate makes a new one.
function claimReader() {
  const name = sessionStorage.getItem('mailbox:reader') ?? crypto.getRandomValues(new Uint32Array(3)).join('-');
  sessionStorage.removeItem('mailbox:reader');
  return name;
}

function recall(storage, name) {
  return JSON.parse(storage.getItem(name)) ?? {};
}

// Cursor and messages in one write: after a reload, the page must show all messages up to the cursor.
function saveMailbox() {
  try {
    sessionStorage.setItem('mailbox:tab', JSON.stringify(mailbox));
  } catch {
    // The browser's quota is used up. After a reload, the server sends again what it still has since the last save.
  }
}

// ---- Login and logout

async function logIn() {
  const who = await ask('POST', '/login', { body: { account: $('account').value } });
  localStorage.setItem('mailbox:who', JSON.stringify(who));
  await refresh();
}

async function logOut(which, done) {
  await ask('DELETE', `/sessions${which}`);
  if (which === '/current') return leave({ reason: 'You are logged out.' });
  say('devices-note', done);
  await refresh();
}

function enter(id) {
  const saved = recall(sessionStorage, 'mailbox:tab');
  const who = recall(localStorage, 'mailbox:who');
  const account = who.id === id ? who.account : '';
  const hasJustLoggedIn = !$('login').hidden;
  mailbox = saved.id === id ? saved : { ...noMailbox, id };
  $('title').textContent = account || 'someone';
  $('to-account').value = account;
  $('messages').replaceChildren(...mailbox.log.map(messageNode));
  showMessageCount();
  for (const note of ['login-note', 'devices-note', 'send-note']) say(note, '');
  showView('mailbox');
  if (hasJustLoggedIn) $('title').focus();
  client.listen(reader, mailbox.cursor);
}

function leave(closed) {
  const { maxSession, onMaxSession } = settings;
  const reason = closed?.reason ?? (mailbox.id && 'This session is over. Log in again.');
  client.stop();
  latestRefresh++;
  mailbox = noMailbox;
  sessionStorage.removeItem('mailbox:tab');
  for (const list of ['messages', 'devices', 'to-session-known']) $(list).replaceChildren();
  setText($('login-notice'), reason);
  setText(
    $('login-rule'),
    maxSession && `An account may have ${count(maxSession, 'session')} at a time. ${LIMIT_RULES[onMaxSession]}`,
  );
  $('account').value ||= recall(localStorage, 'mailbox:who').account ?? '';
  showStatus('none');
  showView('login');
  $('account').focus();
}

async function refresh() {
  const turn = ++latestRefresh;
  try {
    settings ??= await ask('GET', '/settings');
    const { sessions } = await ask('GET', '/sessions');
    if (turn === latestRefresh) showSessions(sessions);
  } catch (error) {
    if (turn !== latestRefresh) return;
    if (error.over) leave(error.closed);
    // Once there is a mailbox, its client reports connection problems.
    else if (!mailbox.id) showStatus('trouble', { cause: error, delay: REFRESH_EVERY });
  }
}

async function refreshOn() {
  for (;;) {
    const due = mailbox.id ? client.connected : $('login').hidden;
    if (due && !document.hidden) await refresh();
    await pause(REFRESH_EVERY);
  }
}

// ---- Receiving

async function take({ messages, cursor, lost, reset }) {
  const { id, cursor: before } = mailbox;
  if (reset) {
    // A login in another tab may have replaced the cookie with that of another account.
    await refresh();
    if (mailbox.id !== id) return;
    addToLog({ notice: 'The mailbox was reset. Earlier messages may be missing.' });
  }
  if (lost) {
    const missed = count(lost, 'message was', 'messages were');
    addToLog({ notice: `${missed} missed: the mailbox was full, and dropped them before they were fetched.` });
  }
  for (const message of messages) if (!isShown(message)) addToLog(message);
  mailbox.cursor = cursor;
  if (cursor !== before) saveMailbox();
}

// The mailbox delivers at least once, so a message may arrive again; it is shown once.
function isShown({ offset, at }) {
  return mailbox.log.some((entry) => entry.offset === offset && entry.at === at);
}

function addToLog(entry) {
  const dated = { at: Date.now(), ...entry };
  const node = messageNode(dated);
  node.classList.add('fresh');
  mailbox.log = [dated, ...mailbox.log].slice(0, MESSAGES_KEPT);
  $('messages').prepend(node);
  $('messages').children[MESSAGES_KEPT]?.remove();
  showMessageCount();
}

// ---- Showing

function $(id) {
  return document.getElementById(id);
}

function cloneOf(template) {
  return $(template).content.firstElementChild.cloneNode(true);
}

function partsOf(node) {
  return Object.fromEntries(Array.from(node.querySelectorAll('[data-part]'), (part) => [part.dataset.part, part]));
}

function count(n, one, many = `${one}s`) {
  return `${n} ${n === 1 ? one : many}`;
}

function secondsOf(ms) {
  return count(Math.ceil(ms / 1000), 'second');
}

// Only writes changes: this preserves a selection, and screen readers do not read the text again.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text || '';
}

function say(note, text, tone = 'good') {
  $(note).dataset.tone = tone;
  setText($(note), text);
}

function showView(view) {
  for (const section of ['login', 'mailbox']) $(section).hidden = section !== view;
}

const STATUS = {
  none: { word: '' },
  connecting: { word: 'Connecting' },
  live: { word: 'Listening' },
  paused: { word: 'Paused', tell: ({ delay }) => `The server asks for a pause. Back in ${secondsOf(delay)}.` },
  superseded: {
    word: 'Paused',
    tell: () => 'This mailbox is now read elsewhere under the same name.',
    action: 'Resume here',
    act: () => client.listen(reader, mailbox.cursor),
  },
  trouble: {
    word: 'Not connected',
    tell: ({ cause, delay }) => `${cause.message} Trying again in ${secondsOf(delay)}.`,
    action: 'Try now',
    act: () => (mailbox.id ? client.recheck() : refresh()),
  },
};

function showStatus(state, more) {
  const { word, tell, action, act } = STATUS[state];
  $('status').dataset.state = state;
  setText($('status'), word);
  // While it tries again, the last problem stays visible.
  if (state === 'connecting') return;
  if (!action && document.activeElement === $('trouble-action')) $('title').focus();
  const sentence = tell?.(more);
  setText($('trouble-text'), sentence);
  setText($('trouble-action'), action);
  $('trouble-action').onclick = act;
  $('trouble-action').hidden = !action;
  $('trouble').hidden = !sentence;
}

function showSessions(sessions) {
  const me = sessions.find(({ current }) => current);
  if (me.id !== mailbox.id) enter(me.id);
  const inOrder = sessions.toSorted((a, b) => b.current - a.current || a.createdAt - b.createdAt);
  setText($('devices-count'), `${sessions.length}${settings.maxSession ? ` of ${settings.maxSession}` : ''}`);
  setText($('devices-rule'), `A device is away after ${secondsOf(settings.hbGrace)} without contact.`);
  $('logout-others').ariaDisabled = String(sessions.length < 2);
  showEach($('devices'), inOrder, newDevice, showDevice);
  showEach($('to-session-known'), inOrder, (session) => new Option(fullName(session), session.id));
}

// Nodes are reused by id and never moved, so that a refresh changes neither focus nor selection.
function showEach(parent, items, create, show) {
  const ids = new Set(items.map(({ id }) => id));
  for (const node of [...parent.children]) if (!ids.has(node.dataset.id)) removeGently(node);
  for (const [index, item] of items.entries()) {
    const there = parent.children[index];
    const node = there?.dataset.id === item.id ? there : create(item);
    if (node !== there) parent.insertBefore(node, there ?? null).dataset.id = item.id;
    show?.(node, item);
  }
}

function removeGently(node) {
  if (node.contains(document.activeElement)) $('devices-title').focus();
  node.remove();
}

function newDevice(session) {
  const node = cloneOf('device-template');
  const { name, mine, ip, id, meter, logout } = partsOf(node);
  name.textContent = deviceName(session.userAgent);
  name.title = session.userAgent ?? '';
  ip.textContent = session.ip;
  id.textContent = session.id.slice(0, 6);
  id.title = session.id;
  mine.hidden = !session.current;
  meter.max = settings.msgMaxLength;
  meter.high = settings.msgMaxLength * 0.75;
  meter.ariaLabel = `Mailbox of ${fullName(session)}`;
  logout.hidden = session.current;
  logout.ariaLabel = `Log out ${fullName(session)}`;
  onClick(logout, 'devices-note', () => logOut(`/${session.id}`, `${fullName(session)} is logged out.`));
  return node;
}

function showDevice(node, { presence, lastTime, undelivered }) {
  const { presence: word, contact, meter, fill } = partsOf(node);
  node.dataset.presence = presence;
  setText(word, presence);
  setText(contact, `seen ${ago(lastTime)}`);
  contact.dateTime = new Date(lastTime).toISOString();
  meter.value = undelivered;
  setText(fill, `${undelivered} of ${settings.msgMaxLength} waiting`);
}

function fullName({ userAgent, id, current }) {
  return `${deviceName(userAgent)} ${id.slice(0, 6)}${current ? ' (this device)' : ''}`;
}

/** A readable guess, not a complete parser of user agents. */
function deviceName(userAgent) {
  const agent = userAgent ?? '';
  const browser = Object.keys(BROWSERS).find((name) => BROWSERS[name].test(agent));
  const system = SYSTEMS.find((name) => agent.includes(name));
  const known = [browser, system].filter(Boolean).join(' on ');
  return known || agent.split('/')[0].slice(0, 40) || 'Unknown device';
}

function ago(time) {
  const seconds = Math.floor((Date.now() - time) / 1000);
  if (seconds < 3) return 'just now';
  const [unit, size] = Object.entries(TIME_UNITS).find(([, size]) => seconds >= size);
  return relativeTime.format(-Math.floor(seconds / size), unit);
}

function showMessageCount() {
  const { length } = mailbox.log.filter(({ notice }) => !notice);
  $('messages-empty').hidden = mailbox.log.length > 0;
  setText($('messages-count'), mailbox.log.length < MESSAGES_KEPT ? length && String(length) : `newest ${length}`);
}

function messageNode({ offset, at, data, notice }) {
  const node = cloneOf('message-template');
  const { offset: place, time, body } = partsOf(node);
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  node.classList.toggle('missed', notice !== undefined);
  place.textContent = notice ? 'Notice' : `No. ${offset}`;
  time.textContent = today ? date.toLocaleTimeString() : date.toLocaleString();
  time.dateTime = date.toISOString();
  body.append(notice ?? bodyOf(data));
  return node;
}

/** A message `{ text }` as its text, anything else as JSON. */
function bodyOf(data) {
  if (typeof data?.text === 'string' && Object.keys(data).length === 1) return data.text;
  const json = document.createElement('pre');
  json.textContent = JSON.stringify(data, null, 2);
  return json;
}

// ---- Actions

async function attempt(button, note, work) {
  if (button.ariaBusy === 'true' || button.ariaDisabled === 'true') return;
  button.ariaBusy = 'true';
  try {
    await work();
  } catch (error) {
    if (error.over) leave(error.closed);
    else say(note, error.message, 'bad');
  } finally {
    button.ariaBusy = 'false';
  }
}

function onClick(button, note, work) {
  button.addEventListener('click', () => attempt(button, note, work));
}

function onSubmit(form, note, work) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(form.querySelector('.primary'), note, work);
  });
}

async function send() {
  const { to, as, data, key, adminKey, ...targets } = Object.fromEntries(new FormData($('send')));
  const message = as === 'json' ? JSON.parse(data) : { text: data };
  const { accepted } = await ask('POST', '/messages', {
    body: { to: { [to]: targets[to] }, data: message, ...(key && { key }) },
    headers: { 'x-admin-key': adminKey },
  });
  say('send-note', `Delivered to ${count(accepted, 'mailbox', 'mailboxes')}.`, accepted ? 'good' : 'bad');
  $('data').value = '';
  await refresh();
}

function showTarget() {
  for (const field of $('send').querySelectorAll('[data-to]')) {
    field.disabled = field.hidden = field.dataset.to !== $('send').elements.to.value;
  }
}

function checkJson() {
  let problem = '';
  try {
    if ($('send').elements.as.value === 'json') JSON.parse($('data').value);
  } catch (error) {
    problem = `Not JSON: ${error.message}`;
  }
  $('data').setCustomValidity(problem);
}

onSubmit($('login-form'), 'login-note', logIn);
onSubmit($('send'), 'send-note', send);
onClick($('logout'), 'devices-note', () => logOut('/current'));
onClick($('logout-others'), 'devices-note', () => logOut('?except=current', 'All other devices are logged out.'));
$('send').addEventListener('input', showTarget);
$('send').addEventListener('input', checkJson);
$('data').addEventListener('keydown', ({ key, ctrlKey, metaKey }) => {
  if (key === 'Enter' && (ctrlKey || metaKey)) $('send').requestSubmit();
});

// The browser's network events are only hints; whether the server can be reached shows in its answer.
for (const hint of ['online', 'offline']) addEventListener(hint, () => client.recheck());
addEventListener('storage', ({ key }) => key === 'mailbox:who' && refresh());
document.addEventListener('visibilitychange', () => document.hidden || client.connected || client.recheck());
addEventListener('pagehide', () => {
  client.stop();
  sessionStorage.setItem('mailbox:reader', reader);
});
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  reader = claimReader();
  if (mailbox.id) client.listen(reader, mailbox.cursor);
});

refreshOn();
