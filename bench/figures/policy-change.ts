import { resources } from '../../src/api/resources.ts';
import type { NetworkPolicy } from '../../src/api/types/network.ts';
import { createSockets } from '../../src/kernel/sockets/sockets.ts';
import { bikeHire } from '../lib/applications.ts';
import { streamDatagrams, type Datagram, type DatagramStream } from '../lib/datagrams.ts';
import type { Figure } from '../lib/figure.ts';
import { startBenchLab, type BenchLab } from '../lib/lab.ts';

const changes = 60;
const beaconPort = 4199;
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
    const lab = await startBenchLab(bikeHire.path);
    try {
      const [riders, stations] = [await lab.podOf('riders'), await lab.podOf('stations')];
      const stream = streamDatagrams({
        sockets: createSockets({ namespaces: lab.namespaces }),
        netns: riders.netns,
        address: stations.address,
        port: beaconPort,
      });
      const samples: number[] = [];
      try {
        await lab.connection.client.create(resources.networkpolicies, admitting(false));
        for (let change = 1; change <= changes; change++) {
          samples.push(await changeOnce({ lab, stream, admits: change % 2 === 1 }));
          if (change % 20 === 0) progress(`policy-change: ${change} of ${changes}`);
        }
      } finally {
        stream.close();
      }
      yield {
        bench: 'policy-change',
        unit: 'ms',
        samples,
        target: 50,
        peer: {
          value: 307,
          source:
            'kube-network-policies, 1,000 pods, its scalability report: enforce 307 to 333 ms, revoke 2.32 s',
        },
      };
    } finally {
      await lab.down();
    }
  },
};

interface Change {
  readonly lab: BenchLab;
  readonly stream: DatagramStream;
  readonly admits: boolean;
}

async function changeOnce({ lab, stream, admits }: Change): Promise<number> {
  await whenSteady(stream, { since: performance.now(), admits: !admits });
  const start = performance.now();
  const { spec } = admitting(admits);
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

/** Admits the riders to the stations' beacon, or nobody to anything. */
function admitting(admits: boolean): NetworkPolicy {
  const rule = {
    from: [{ podSelector: { matchLabels: { app: 'riders' } } }],
    ports: [{ port: beaconPort, protocol: 'UDP' as const }],
  };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: policyName,
    spec: {
      podSelector: { matchLabels: { app: 'stations' } },
      policyTypes: ['Ingress'],
      ingress: admits ? [rule] : [],
    },
  };
}
