import { markedClient } from '../client/marked-client.ts';
import type { Client } from '../client/port.ts';
import { labMark } from '../lab/cluster/belongings.ts';
import type { LabOptions } from '../lab/options.ts';

/** Marks what is made on a cluster that is not the lab's own, so that `weft down` knows it. */
export function markingClient(client: Client, { cluster }: LabOptions): Client {
  return cluster === undefined ? client : markedClient(client, labMark(cluster.mark));
}
