import test, { type ExecutionContext } from 'ava';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { limits } from '../support/limits.js';
import { DemoServer } from './demo-server.js';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Errors of all pages: exceptions and violations of the content security policy. */
const pageErrors: string[] = [];

let browser: Browser;
let server: DemoServer;

test.before(async () => {
  server = await DemoServer.create();
  await server.start();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
});

test.serial.afterEach('no page has thrown an error or violated its content security policy', (t) => {
  t.deepEqual(pageErrors.splice(0), []);
});

test.after.always('on SIGTERM the demo stops with exit code 0', async (t) => {
  await browser?.close();
  const code = await server?.stop();
  await server?.destroy();
  t.is(code, 0);
});

/** The totals of all messages that the page shows. */
export interface Totals {
  readonly sent: number;
  readonly delivered: number;
  readonly waiting: number;
  readonly lost: number;
  readonly told: number;
}

/** The page of the demo in a separate browser context, as in another browser. */
export class DemoPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /**
   * Opens the page in a new browser context, whose accounts no other test uses, so that each test begins without sessions.
   * Opens it with reduced motion, because animations take time. The animation of messages has a separate test.
   */
  static async open(t: ExecutionContext, options: BrowserContextOptions = {}): Promise<DemoPage> {
    const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
    t.teardown(() => context.close());
    context.setDefaultTimeout(limits.event);
    context.on('weberror', (event) => pageErrors.push(event.error().message));
    context.on('console', (line) => {
      if (line.text().includes('Content Security Policy')) pageErrors.push(line.text());
    });
    const page = await context.newPage();
    await page.goto(server.url);
    const demo = new DemoPage(page);
    await demo.listening(4);
    return demo;
  }

  /** Opens another window of the same browser. */
  async secondWindow(): Promise<DemoPage> {
    const page = await this.page.context().newPage();
    await page.goto(server.url);
    return new DemoPage(page);
  }

  /** Waits until all `count` devices listen. */
  async listening(count: number): Promise<void> {
    await this.page.getByText(`${count} of ${count} devices listening`).waitFor();
  }

  device(label: string, account = 'ada'): Locator {
    const name = new RegExp(`^${label} ${account}`);
    return this.page.locator('.device').filter({ has: this.page.getByRole('heading', { name }) });
  }

  async act(device: Locator, action: string): Promise<void> {
    await device.getByRole('button', { name: new RegExp(`^${action}:`) }).click();
  }

  /** Returns the messages that a device shows, newest first. */
  async log(device: Locator): Promise<string[]> {
    return device.locator('.log li').allTextContents();
  }

  async send(text: string, to?: string): Promise<void> {
    if (to !== undefined) await this.page.getByLabel('To', { exact: true }).selectOption({ label: to });
    await this.page.getByLabel('Message', { exact: true }).fill(text);
    await this.page.getByRole('button', { name: 'Send', exact: true }).click();
  }

  /** Resolves with the totals once `count` messages were sent and the page shows that all are accounted for. */
  async accounted(count: number): Promise<Totals> {
    await this.page.locator('#total-sent').getByText(String(count), { exact: true }).waitFor();
    await this.page.locator('#verdict[data-verdict=exact]').waitFor();
    const read = async (name: string) => Number(await this.page.locator(`#total-${name}`).textContent());
    const [sent = 0, delivered = 0, waiting = 0, lost = 0, told = 0] = await Promise.all(
      ['sent', 'delivered', 'waiting', 'lost', 'told'].map(read),
    );
    return { sent, delivered, waiting, lost, told };
  }

  /** Waits until a device shows this value for the figure of that name. */
  async figure(device: Locator, name: string, value: number): Promise<void> {
    const figure = device.locator('.figures div').filter({ hasText: name });
    await figure.getByText(String(value), { exact: true }).waitFor();
  }
}
