import { resources } from '../../src/api/resources.ts';
import type { NetworkPolicy } from '../../src/api/types/network.ts';
import type { LabConnection } from '../../src/lab/connection.ts';
import { appOf } from './many-pods.ts';

/** Requests under way at once. */
const concurrency = 50;

/**
 * Creates so many policies, the same number for each of the workloads from `first` on, and waits until all are programmed.
 * Each lets another workload in to other ports.
 */
export async function applyPolicies(
  { client, programmed }: Pick<LabConnection, 'client' | 'programmed'>,
  { count, first, workloads }: { count: number; first: number; workloads: number },
): Promise<void> {
  let newest = 0n;
  await eachOf(count, async (index) => {
    const subject = first + (index % (workloads - first));
    const { metadata } = await client.create(
      resources.networkpolicies,
      policyOf(index, { subject, workloads }),
    );
    const version = BigInt(metadata.resourceVersion ?? '0');
    if (version > newest) newest = version;
  });
  await programmed({ networkpolicies: String(newest) });
}

/** Deletes them. */
export async function deletePolicies(
  { client }: Pick<LabConnection, 'client'>,
  count: number,
): Promise<void> {
  await eachOf(count, (index) =>
    client.delete(resources.networkpolicies, { namespace: 'default', name: nameOf(index) }),
  );
}

const nameOf = (index: number): string => `policy-${index}`;

async function eachOf(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  const next = Array.from({ length: count }, (_, index) => index).values();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const index of next) await work(index);
    }),
  );
}

function policyOf(
  index: number,
  { subject, workloads }: { subject: number; workloads: number },
): NetworkPolicy {
  const peer = (index * 7) % workloads;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: nameOf(index), namespace: 'default' },
    spec: {
      podSelector: { matchLabels: { app: appOf(subject) } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { app: appOf(peer) } } }, { ipBlock: { cidr: '10.0.0.0/8' } }],
          ports: [{ port: 9000 }, { port: 10_000 + index, endPort: 10_010 + index }],
        },
      ],
    },
  };
}
