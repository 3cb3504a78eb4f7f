import { writeFileSync } from 'node:fs';
import { labMark } from '../../lab/cluster/belongings.ts';
import type { ClusterDoor } from '../../lab/cluster/door.ts';
import { examineCluster } from '../../lab/cluster/examine.ts';
import { objectsOfOthers } from '../../lab/cluster/others.ts';
import { prepareCluster, requireSameNetwork, writeCredentials } from '../../lab/cluster/prepare.ts';
import type { LabOptions } from '../../lab/options.ts';
import { systemClock } from '../../lib/clock.ts';
import { familyOf } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Manifests } from '../manifests/load.ts';
import type { Progress } from '../progress.ts';

export interface JoinOptions {
  readonly env: CliEnvironment;
  readonly lab: LabOptions;
  readonly door: ClusterDoor;
  readonly manifests: Manifests;
  readonly progress: Progress;
  readonly controllers: string;
  readonly audit?: boolean;
}

/** A lab on a cluster, before anything of it is there, and what makes there what it needs. */
export async function joinCluster({ env, lab, door, manifests, progress, ...options }: JoinOptions): Promise<{
  readonly lab: LabOptions;
  readonly prepare: () => Promise<void>;
  readonly close: () => Promise<void>;
}> {
  const { client, access, kubeconfig } = door;
  await requirePossible(env, options.audit);
  await requireSameServer(env, lab, access.server);
  const mark = door.markOf(lab.name);
  const objects = manifests.objects.map(({ object }) => object);
  const { serviceCidrs, controllers } = await progress.phase(
    'looking at the cluster',
    async () => {
      const facts = await examineCluster(client, { mark: labMark(mark), controllers: options.controllers });
      await objectsOfOthers(client, objects, labMark(mark));
      return facts;
    },
    (facts) => `${access.server}, ${describeControllers(facts.controllers)}`,
  );
  const joined = {
    ...lab,
    config: { ...lab.config, serviceCidrs: rangesFor(lab, serviceCidrs) },
    cluster: { server: access.server, mark, controllers },
  };
  await requireSameNetwork(client, joined);
  const paths = env.labs.paths(lab.name);
  return {
    lab: joined,
    async prepare() {
      // First: by it `weft down` finds what is made from here on.
      writeFileSync(paths.kubeconfig, kubeconfig, { mode: 0o600 });
      await prepareCluster({ client, clock: systemClock, lab: joined, objects });
      await writeCredentials({ client, lab: joined }, paths, access);
    },
    close: () => client.close(),
  };
}

/** What it made on another cluster would be forgotten there. */
async function requireSameServer(env: CliEnvironment, { name }: LabOptions, server: string): Promise<void> {
  const before = (await env.labs.options(name))?.cluster?.server;
  if (before === undefined || before === server) return;
  throw new WeftError('lab-differs', `lab ${name} is on ${before}`, {
    fault: 'input',
    hint: `run "weft down --name ${name}" first, or use another --name`,
  });
}

async function requirePossible(env: CliEnvironment, audit: boolean | undefined): Promise<void> {
  if (await env.labs.isUnprivileged()) {
    throw new WeftError('cluster-needs-root', 'a lab on a cluster needs root', {
      fault: 'environment',
      hint: 'without root its processes are in a network of their own, from which no other machine is reached',
    });
  }
  if (audit !== true) return;
  throw new WeftError('audit-not-own', "--audit is for a lab's own API server", {
    fault: 'input',
    hint: 'the cluster has its own audit policy',
  });
}

/** The cluster's own, of the families that the lab has. */
function rangesFor({ config }: LabOptions, serviceCidrs: readonly string[]): readonly string[] {
  const ranges = config.podCidrs.map((podCidr) =>
    serviceCidrs.find((one) => familyOf(one) === familyOf(podCidr)),
  );
  const found = ranges.filter((range) => range !== undefined);
  if (found.length === ranges.length) return found;
  throw new WeftError(
    'cluster-ranges',
    `the cluster's Services have addresses of ${serviceCidrs.join()} only`,
    {
      fault: 'input',
      hint: 'choose a family that it has with --ip-family',
    },
  );
}

function describeControllers(names: readonly string[]): string {
  return names.length === 0 ? 'with controllers of its own' : `${names.length} controllers to run`;
}
