import { resources } from '../../src/api/resources.ts';
import type { Service } from '../../src/api/types/core.ts';
import type { EndpointSlice } from '../../src/api/types/network.ts';
import type { Client } from '../../src/client/port.ts';
import type { LabConnection } from '../../src/lab/connection.ts';

/** Requests under way at once. */
const concurrency = 50;

/** `endpoint` 0 or 1 of Service `index`: an address of 198.18.0.0/15, which RFC 2544 sets aside for benchmarks. */
export function endpointAddress(index: number, endpoint: number): string {
  return `198.18.${index >> 7}.${((index & 127) << 1) + endpoint}`;
}

export const sliceName = (index: number): { namespace: string; name: string } => ({
  namespace: 'default',
  name: `service-${index}-endpoints`,
});

/** Creates Services without a selector, each with a slice of two endpoints. */
export async function createServices(client: Client, count: number): Promise<void> {
  const next = Array.from({ length: count }, (_, index) => index).values();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const index of next) {
        await client.create(resources.services, serviceObject(index));
        await client.create(resources.endpointslices, sliceObject(index));
      }
    }),
  );
}

/** Waits until every slice that there is now is programmed on all nodes. */
export async function whenSlicesProgrammed(connection: LabConnection): Promise<void> {
  await (
    await slicesOf(connection)
  )();
}

/** Lists the slices; the result waits until all of them are programmed on all nodes. */
export async function slicesOf(connection: LabConnection): Promise<() => Promise<void>> {
  const { items } = await connection.client.list(resources.endpointslices);
  const versions = items.map(({ metadata }) => BigInt(metadata.resourceVersion ?? '0'));
  const endpointslices = String(versions.reduce((a, b) => (a > b ? a : b), 0n));
  return () => connection.programmed({ endpointslices });
}

export function serviceObject(index: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `service-${index}`, namespace: 'default' },
    spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }] },
  };
}

export function sliceObject(index: number): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...sliceName(index), labels: { 'kubernetes.io/service-name': `service-${index}` } },
    addressType: 'IPv4',
    endpoints: [0, 1].map((endpoint) => ({
      addresses: [endpointAddress(index, endpoint)],
      conditions: { ready: true },
    })),
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}
