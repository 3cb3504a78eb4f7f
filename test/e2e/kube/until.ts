import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Waits for something that another program brings about; says what it waited for in vain. */
export async function until<T>(what: string, holds: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const found = await holds();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) assert.fail(`waited in vain until ${what}`);
    await delay(25);
  }
}
