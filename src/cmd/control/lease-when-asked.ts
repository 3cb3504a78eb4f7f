import { layer2Resources } from '../../api/resources.ts';
import type { Segment, VirtualSwitch } from '../../api/types/layer2.ts';
import type { Change } from '../../client/port.ts';
import type { LeaseServingOptions } from './serve-leases.ts';

/** Answers DHCP clients from when a segment or a switch names a server: few labs do, and no other loads the program. */
export function leaseWhenAsked(options: LeaseServingOptions): () => void {
  const { client } = options;
  const kinds = [
    client.informer(layer2Resources.segments),
    client.informer(layer2Resources.virtualswitches),
  ] as const;
  let end = (): void => {};
  const ends: (() => void)[] = [];
  let isStopped = false;
  let isAsked = false;
  const look = async ({ current }: Change<Segment> | Change<VirtualSwitch>): Promise<void> => {
    if (isAsked || current?.spec?.dhcp?.server === undefined) return;
    isAsked = true;
    const { serveLeases } = await import('./serve-leases.ts');
    if (!isStopped) end = serveLeases(options);
  };
  for (const kind of kinds) ends.push(kind.onChange((change) => void look(change)));
  return () => {
    isStopped = true;
    for (const one of ends) one();
    end();
  };
}
