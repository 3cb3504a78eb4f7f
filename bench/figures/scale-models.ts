import { modelTraits, type NetworkModel } from '../../src/model/network/models.ts';
import type { Figure } from '../lib/figure.ts';
import { labProcesses, loopDelays, memoryOf } from '../lib/lab-processes.ts';
import { benchLabName } from '../lib/lab.ts';
import { withManifests } from '../lib/many-pods.ts';
import { requirePods } from '../lib/require-pods.ts';
import { weft } from '../lib/weft.ts';

const nodes = 50;
const podsOfNode = 20;
/** All but one: the cluster's DNS server is a pod too. */
const pods = podsOfNode * nodes - 1;

/** Twenty pods on each of fifty nodes, in every model that wires pods itself, or in the one that `MODEL` names. */
export const figure: Figure = {
  name: 'scale-models',
  async *measure(progress) {
    for (const model of chosenModels(process.env['MODEL'])) {
      const beside = [networkOf(model)];
      const { up, memory, delays } = await withManifests({ pods, deployments: 20, beside }, measureLab);
      const slow = [...delays].map(([role, ms]) => `${role} ${ms}`).join(', ');
      progress(
        `scale-models ${model}: up ${up.toFixed(0)} ms, ${memory.toFixed(0)} MB; ` +
          `99 of 100 moments of the event loops waited at most, in ms: ${slow}`,
      );
      yield { bench: `scale-models-${model}`, unit: 'ms', samples: [up], target: 15_000, peer: null };
    }
  },
};

function chosenModels(wanted: string | undefined): readonly string[] {
  const models = (Object.keys(modelTraits) as NetworkModel[]).filter(
    (model) => modelTraits[model].podAddresses !== 'own',
  );
  const chosen = models.filter((model) => wanted === undefined || wanted === model);
  if (chosen.length === 0) throw new Error(`no model "${wanted}"; there are: ${models.join(', ')}`);
  return chosen;
}

/** Nodes that are ready first would take more than their share. */
function networkOf(model: string): object {
  const spec = { model, maxPodsPerNode: podsOfNode };
  return { apiVersion: 'weft.dev/v1alpha1', kind: 'ClusterNetwork', metadata: { name: 'default' }, spec };
}

interface Round {
  /** Of `up --wait`, in milliseconds. */
  readonly up: number;
  /** Of all processes when the pods are ready, in megabytes. */
  readonly memory: number;
  /** What 99 of 100 moments of each event loop waited at most, from its process' start until all pods were ready. */
  readonly delays: ReadonlyMap<string, number>;
}

async function measureLab(manifests: string): Promise<Round> {
  const options = ['--nodes', String(nodes), '--timeout', '300', '--name', benchLabName];
  try {
    const { milliseconds: up } = await weft(['up', '-f', manifests, ...options, '--wait']);
    const memory = memoryOf(labProcesses());
    const delays = await loopDelays(0.99);
    await requirePods({ pods, nodes });
    return { up, memory, delays };
  } finally {
    await weft(['down', '--name', benchLabName]);
  }
}
