import type { Duplex } from 'node:stream';

/** Makes two connections one: either direction ends alone, and an accident ends both. */
export function splice(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy());
    // Closed after its end, it may still be written out there.
    from.once('close', () => from.readableEnded || to.destroy());
    // It may have gone before anybody could look.
    if (from.destroyed) to.destroy();
    else from.pipe(to);
  }
}
