import { resources } from '../../src/api/resources.ts';
import type { NetworkPolicy } from '../../src/api/types/network.ts';
import { createSockets } from '../../src/kernel/sockets/sockets.ts';
import { applyPolicies } from '../lib/applied-policies.ts';
import { bikeHire } from '../lib/applications.ts';
import { streamDatagrams, type Datagram, type DatagramStream } from '../lib/datagrams.ts';
import type { Figure, Measurement, Progress } from '../lib/figure.ts';
import { startBenchLab, type BenchLab } from '../lib/lab.ts';
import { appOf, beaconPort, withManifests } from '../lib/many-pods.ts';

const changes = 60;
/** This many datagrams before a change show the old state, and after it the new one, without exception. */
const agreeing = 20;
const longestMs = 10_000;

/**
 * In the application, one policy starts or stops to admit one workload to another: from the start of the write to
 * the API until the first datagram that meets the new state, as all after it do. New datagrams leave each
 * millisecond, which is how fine the figure can be.
 */
export const figure: Figure = {
  name: 'policy-change',
  async *measure(progress) {
    yield await measureIn(bikeHire.path, { ...application, progress });
    for (const variant of [thousand, policed]) {
      yield await withManifests(manyPods, (path) => measureIn(path, { ...variant, progress }));
    }
  },
};

/** Who sends to whom, in which lab. */
interface Variant {
  readonly bench: string;
  /** Labels `app` of the workloads. */
  readonly from: string;
  readonly to: string;
  readonly options: readonly string[];
  /** Other policies, for the other workloads. */
  readonly policies: number;
  /** Milliseconds. */
  readonly target: number;
}

const application: Variant = {
  bench: 'policy-change',
  from: 'riders',
  to: 'stations',
  options: [],
  policies: 0,
  target: 50,
};
/** Two workloads of one pod each, and 998 pods more. */
const manyPods = { pods: 1000, deployments: 20, singles: 2 };
const thousand: Variant = {
  bench: 'policy-change-1000',
  from: appOf(0),
  to: appOf(1),
  options: ['--nodes', '20'],
  policies: 0,
  target: 50,
};
const policed: Variant = { ...thousand, bench: 'policy-change-1000-policies', policies: 1000, target: 20 };

async function measureIn(
  manifests: string,
  variant: Variant & { readonly progress: Progress },
): Promise<Measurement> {
  const { bench, from, to, options, policies, target, progress } = variant;
  const lab = await startBenchLab(manifests, options);
  try {
    const others = { count: policies, first: manyPods.singles, workloads: manyPods.deployments };
    if (policies > 0) await applyPolicies(lab.connection, others);
    const [sender, receiver] = [await lab.podOf(from), await lab.podOf(to)];
    const stream = streamDatagrams({
      sockets: createSockets({ namespaces: lab.namespaces }),
      netns: sender.netns,
      address: receiver.address,
      port: beaconPort,
    });
    const samples: number[] = [];
    try {
      await lab.connection.client.create(resources.networkpolicies, admitting(variant, false));
      for (let change = 1; change <= changes; change++) {
        samples.push(await changeOnce({ lab, stream, variant, admits: change % 2 === 1 }));
        if (change % 20 === 0) progress(`${bench}: ${change} of ${changes}`);
      }
    } finally {
      stream.close();
    }
    return {
      bench,
      unit: 'ms',
      samples,
      target,
      peer: {
        value: 307,
        source:
          'kube-network-policies, 1,000 pods, its scalability report: enforce 307 to 333 ms, revoke 2.32 s',
      },
    };
  } finally {
    await lab.down();
  }
}

interface Change {
  readonly lab: BenchLab;
  readonly stream: DatagramStream;
  readonly variant: Variant;
  readonly admits: boolean;
}

async function changeOnce({ lab, stream, variant, admits }: Change): Promise<number> {
  await whenSteady(stream, { since: performance.now(), admits: !admits });
  const start = performance.now();
  const { spec } = admitting(variant, admits);
  await lab.connection.client.patch(resources.networkpolicies, policyName, { body: { spec } });
  return (await whenSteady(stream, { since: start, admits })) - start;
}

/** When the first of enough datagrams in a row was sent that all fared so, of those sent since then. */
async function whenSteady(
  { judged }: DatagramStream,
  { since, admits }: { since: number; admits: boolean },
): Promise<number> {
  const deadline = performance.now() + longestMs;
  const fares = ({ answeredAt }: Datagram): boolean => (answeredAt !== undefined) === admits;
  for (;;) {
    const later = judged.slice(judged.findLastIndex(({ sentAt }) => sentAt < since) + 1);
    const run = later.slice(later.findLastIndex((datagram) => !fares(datagram)) + 1);
    const [first] = run;
    if (first !== undefined && run.length >= agreeing) return first.sentAt;
    if (performance.now() > deadline) {
      throw new Error(`datagrams are not steadily ${admits ? 'admitted' : 'denied'}`);
    }
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

const policyName = { namespace: 'default', name: 'bench' };

/** Admits the one workload to the other's beacon, or nobody to anything. */
function admitting({ from, to }: Variant, admits: boolean): NetworkPolicy {
  const rule = {
    from: [{ podSelector: { matchLabels: { app: from } } }],
    ports: [{ port: beaconPort, protocol: 'UDP' as const }],
  };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: policyName,
    spec: {
      podSelector: { matchLabels: { app: to } },
      policyTypes: ['Ingress'],
      ingress: admits ? [rule] : [],
    },
  };
}
