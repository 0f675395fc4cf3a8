import { accessSync } from 'node:fs';
import type { LaunchOptions } from 'playwright-core';

const PLACES = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How the system's Chromium is started; throws with what to install where there is none. */
export function chromiumOptions(): LaunchOptions {
  const executablePath = PLACES.find((path) => path !== undefined && isThere(path));
  if (executablePath === undefined)
    throw new Error('no Chromium found: install Debian’s `chromium`, or set CHROMIUM_PATH');
  return { executablePath, args: FLAGS };
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
