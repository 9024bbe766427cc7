import test from 'ava';
import { bundleSample, renderSample } from '../client/react-sample.js';
import { Stage } from './client-stage.js';

const start = `
  import { hydrateRoot } from 'react-dom/client';
  import { StrictMode } from 'react';
  globalThis.errors = [];
  // There is a message before the page comes to life: what the server has rendered is out of date.
  await new Promise((resolve) => {
    const end = store.subscribe(() => {
      if (store.getSnapshot().messages.length === 0) return;
      end();
      resolve();
    });
  });
  const onRecoverableError = (error) => errors.push(String(error));
  hydrateRoot(document.querySelector('main'), <StrictMode><News /></StrictMode>, { onRecoverableError });
`;

test.serial('in a server-rendered page a React component shows messages as they arrive', async (t) => {
  const stage = await Stage.start(t, {
    '/react': `<!doctype html><title>react</title><main>${await renderSample()}</main><script type="module" src="/react.js"></script>`,
    '/react.js': await bundleSample('browser', start),
  });
  await stage.site.push('one');
  const page = await stage.goTo('/react');
  await page.waitForSelector('li');
  t.is(await page.innerHTML('main'), '<ul aria-busy="false"><li>one</li></ul>');
  await stage.site.push('two', 'three');
  await page.waitForSelector('li:nth-child(3)');
  t.deepEqual(await page.locator('li').allInnerTexts(), ['one', 'two', 'three']);
  t.deepEqual(await page.evaluate('errors'), []);
});
