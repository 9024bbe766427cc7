import test from 'ava';
import { changing, startShop } from './kit.js';

const otherSites: readonly Readonly<Record<string, string>>[] = [
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
  { 'sec-fetch-site': 'none', origin: 'null' },
];

for (const server of ['express', 'express4'] as const) {
  test(`${server}: a page of another site can not poll, stream or acknowledge with its visitor's cookie`, async (t) => {
    const { browser, store, visitors } = await startShop(t, server);
    const visitor = browser();
    await visitor.get(changing({ a: 1 }));
    const { id = '' } = (await store.sessionOf(String(await visitor.get('sid')))) ?? {};
    await visitors.push(id, 'secret');
    const post = { method: 'POST', body: '{"cursor":"x"}' };
    for (const headers of otherSites) {
      const answers = [
        await visitor.request('poll?wait=0&after=', { headers }),
        await visitor.request('events?after=', { headers }),
        await visitor.request('ack', { ...post, headers: { ...headers, 'content-type': 'application/json' } }),
      ];
      for (const answer of answers) {
        t.is(answer.status, 403, `${answer.url} ${JSON.stringify(headers)}`);
        t.like(await answer.json(), { code: 'CROSS_SITE' });
      }
    }
    t.is((await visitors.getSession(id)).undelivered, 1);
  });
}
