import { onEachAdapter, problemIn } from '../support/http-kit.js';

const wrongNumbers = [
  '-1',
  '1.5',
  'NaN',
  'Infinity',
  '0x10',
  '1e3',
  '%201',
  '1%20',
  '+1',
  '%2B1',
  '1_000',
  'true',
  'null',
];
wrongNumbers.push('', '%D9%A1', '%EF%BC%91', '9999999999999999', '1'.repeat(400), '1,2', '[]', '%00', "'1'", '1;2');

onEachAdapter('wrong numbers: `wait` and `limit` of every wrong shape are 400', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  for (const name of ['wait', 'limit']) {
    for (const value of wrongNumbers) {
      const response = await kit.request(`/poll?${name}=${value}`, { token });
      t.is(response.status, 400, `${name}=${value.slice(0, 40)}`);
      t.is(problemIn(response).code, 'INVALID_ARGUMENT');
      t.true(response.body.length < 500, 'the value is quoted only in part');
    }
  }
  t.is(kit.room.held, 0);
});

onEachAdapter(
  'huge numbers: they are reduced to the limits of the context',
  { context: { pollTime: 5_000 } },
  async (t, kit) => {
    const session = await kit.logIn();
    const held = await kit.hold(session.token, { wait: '999999999999999', limit: '999999999999999', after: '' });
    await kit.clock.advance(5_000);
    t.is((await held.batch()).messages.length, 0);
  },
);

onEachAdapter('parameter pollution: a parameter given twice, or as a list or an object, is 400', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  for (const name of ['after', 'wait', 'limit', 'reader']) {
    const response = await kit.request(`/poll?wait=0&${name}=1&${name}=2`, { token });
    t.is(response.status, 400, name);
    t.is(problemIn(response).code, 'INVALID_ARGUMENT');
  }
  // Unknown names have no effect, no matter how a framework parses them.
  for (const query of [
    'wait[]=1',
    'after[x]=1',
    'reader[__proto__]=x',
    '__proto__[wait]=1',
    'constructor.prototype.x=1',
  ]) {
    const response = await kit.request(`/poll?wait=0&${query}`, { token });
    t.true(response.status === 200 || response.status === 400, `${query}: ${response.status}`);
  }
  t.false('wait' in Object.prototype);
  t.is(kit.room.held, 0);
});

onEachAdapter('wrong cursors: each is 400 or a reset, never the messages of another session', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  const wrong = [
    'x',
    '.',
    '1',
    'a.',
    '.1',
    'a.b',
    'a.-1',
    'a.1.2.3',
    'a.1.-2',
    'a.1.12345678901',
    'A.1',
    'a.1%20',
    '%20a.1',
    'a.1%0A',
    'a.0x1',
    'a.1e3',
  ];
  wrong.push(
    `${'a'.repeat(17)}.1`,
    'a.1234567890123456',
    '%00',
    '..%2F..%2Fx',
    '__proto__',
    '%D9%A1.%D9%A1',
    'a'.repeat(9_000),
  );
  for (const after of wrong) {
    const response = await kit.request(`/poll?wait=0&after=${after}`, { token });
    t.is(response.status, 400, after.slice(0, 40));
    t.true(response.body.length < 500);
  }
  for (const after of ['aaaaaa.999999999999999', 'aaaaaa.999999999999999.zzzzzzzzzz', 'a.1.2']) {
    const forged = await kit.poll(token, { after });
    t.deepEqual({ ...forged, cursor: '' }, { messages: [], cursor: '', lost: 0, reset: true });
  }
});

onEachAdapter('wrong readers: paths, prototypes, spaces and unicode are 400 or plain names', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  const wrong = [
    '',
    '..%2F..%2Fx',
    'a%20b',
    'a%0Ab',
    '%00',
    'é',
    '%C3%A9',
    'a'.repeat(65),
    'a/b',
    '%7B%7D',
    '<script>',
  ];
  for (const reader of wrong) {
    t.is((await kit.request(`/poll?wait=0&reader=${encodeURI(reader)}`, { token })).status, 400, reader.slice(0, 20));
  }
  for (const reader of ['__proto__', 'constructor', 'toString', '..', '-', 'a.b_c-d']) {
    t.is((await kit.request(`/poll?wait=0&after=&reader=${reader}`, { token })).status, 200, reader);
  }
});

onEachAdapter('broken percent signs in the query: they never cause a 500', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  for (const query of ['after=%', 'after=%E0%A4%A', 'wait=%ZZ', '%=%', '&&&', '=', '?', 'a'.repeat(7_000)]) {
    const response = await kit.request(`/poll?wait=0&${query}`, { token });
    t.true(response.status < 500, `${query.slice(0, 20)}: ${response.status}`);
  }
});
