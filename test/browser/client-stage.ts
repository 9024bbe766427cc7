import test, { type ExecutionContext } from 'ava';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { limits } from '../support/limits.js';
import { ClientSite, type Files } from './client-site.js';

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'];

let browser: Browser;

test.before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
});

test.after.always(() => browser?.close());

/** A Chromium context and a site with the client. */
export class Stage {
  readonly site: ClientSite;
  readonly context: BrowserContext;

  private constructor(site: ClientSite, context: BrowserContext) {
    this.site = site;
    this.context = context;
  }

  /** @param files of the site, in addition to the page and the client */
  static async start(t: ExecutionContext, files: Files = {}): Promise<Stage> {
    const site = await ClientSite.start(t, files);
    const context = await browser.newContext();
    t.teardown(() => context.close());
    context.setDefaultTimeout(limits.event);
    return new Stage(site, context);
  }

  /**
   * Opens a tab, and waits until its client has a connection or shares the connection of another tab.
   * @param options of the client
   */
  async open(options: Readonly<Record<string, string>> = {}): Promise<Page> {
    const page = await this.goTo(`/page?${new URLSearchParams(options)}`);
    await page.waitForFunction("globalThis.mailbox?.state === 'open'");
    return page;
  }

  async goTo(path: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(`${this.site.url}${path}`);
    return page;
  }
}

/** Waits until the page has recorded as many messages and events as expected, and checks that they are the expected ones. */
export async function heard(page: Page, ...expected: readonly string[]): Promise<void> {
  await page.waitForFunction(`heard.length >= ${expected.length}`);
  const found: unknown = await page.evaluate('heard');
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`The page heard ${JSON.stringify(found)}`);
}
