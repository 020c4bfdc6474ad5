/** Opens pages in a local Chromium, without a network and with a separate profile. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const EXECUTABLE = process.env.PLAYWRIGHT_CHROMIUM || '/usr/bin/chromium';

if (!existsSync(EXECUTABLE)) {
  throw new Error(
    `there is no ${EXECUTABLE}: install Chromium (apt-get install chromium), or name it in PLAYWRIGHT_CHROMIUM`,
  );
}

const contexts: { context: BrowserContext; profile: string }[] = [];
after(async () => {
  for (const { context, profile } of contexts) {
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
  }
});

export interface Opened {
  page: Page;
  /** Console messages and page errors. */
  messages: string[];
  /** The URLs of all requests. */
  requests: string[];
}

/** Opens a file in a new browser, which is closed after all tests. */
export async function open(file: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: EXECUTABLE,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    viewport: { width: 1200, height: 900 },
    ...options,
  });
  contexts.push({ context, profile });
  const page = await context.newPage();
  const opened: Opened = { page, messages: [], requests: [] };
  page.on('console', (message) => opened.messages.push(message.text()));
  page.on('pageerror', (error) => opened.messages.push(String(error)));
  page.on('request', (request) => opened.requests.push(request.url()));
  await page.goto(`file://${file}`);
  return opened;
}
