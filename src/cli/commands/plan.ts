import { modelLimits, type ModelName } from '../../analysis/capacity/models.ts';
import { planCapacity } from '../../analysis/capacity/plan.ts';
import { planPools, type EdgeSite, type HciSite } from '../../analysis/capacity/pools.ts';
import type { CapacityPlan, CapacityRequest } from '../../analysis/capacity/port.ts';
import type { CliEnvironment, ExitCode } from '../environment.ts';
import { renderPlan } from '../output/capacity.ts';
import { requireFormat } from '../output/format.ts';
import { required, subnetOf, poolOf, poolsOf, portsOf, surgeOf, wholeNumberOf } from '../planned-size.ts';
import { measureLab, type LabUse } from '../live/capacity.ts';

/** Texts, as they were typed. */
export interface PlanOptions {
  readonly name: string;
  readonly live: boolean;
  readonly network?: string;
  readonly nodes?: number;
  /** More pools, each `NODES:MAXPODS`, or `NODES:MAXPODS:windows`. */
  readonly pool: readonly string[];
  readonly surge: string;
  readonly maxPods?: number;
  readonly subnet?: string;
  readonly podCidr?: string;
  readonly podSubnet?: string;
  readonly serviceCidr?: string;
  readonly staticBlocks: boolean;
  readonly podsPerNode?: number;
  readonly frontends?: number;
  readonly routes?: number;
  readonly snatPorts?: number;
  readonly outboundIps?: number;
  /** Clusters on Azure Stack HCI, each `CONTROLPLANE+WORKERS`. */
  readonly hciCluster: readonly string[];
  /** Nodes of an Azure Stack Edge device. */
  readonly deviceNodes?: number;
  readonly nodePool?: string;
  readonly vipPool?: string;
  readonly servicePorts?: string;
  readonly output: string;
}

/** `weft plan`: the addresses that a network takes, and whether they are there. Exit 1 when they are not. */
export async function plan(env: CliEnvironment, options: PlanOptions): Promise<ExitCode> {
  const format = requireFormat(options.output, ['text', 'json', 'yaml']);
  const use = options.live ? await measureLab(env, options.name) : undefined;
  const answer = answerTo(options, use);
  env.out(await renderPlan(answer, use, format));
  return answer.fits ? 0 : 1;
}

function answerTo(options: PlanOptions, use: LabUse | undefined): CapacityPlan {
  if (options.hciCluster.length > 0 || options.deviceNodes !== undefined) return poolPlan(options);
  return planCapacity(requestOf(options, use));
}

/** A running lab says what nobody typed. */
function requestOf(options: PlanOptions, use: LabUse | undefined): CapacityRequest {
  const model = modelOf(options.network) ?? use?.model ?? required('network', Object.keys(modelLimits));
  const nodes = options.nodes ?? use?.nodes ?? required('nodes', ['a number']);
  const maxPods = options.maxPods ?? use?.maxPods ?? modelLimits[model].defaultMaxPods;
  return {
    model,
    pools: [{ nodes, maxPods }, ...poolsOf(options.pool)],
    surge: surgeOf(options.surge),
    staticBlocks: options.staticBlocks || use?.staticBlocks === true,
    ...ranges(options, use),
    ...counts(options, use),
  };
}

function counts(options: PlanOptions, use: LabUse | undefined): Partial<CapacityRequest> {
  const { podsPerNode, frontends, snatPorts, outboundIps = 1 } = options;
  const routes = options.routes ?? use?.otherRoutes;
  return {
    ...(podsPerNode !== undefined && { podsPerNode }),
    ...(frontends !== undefined && { frontends }),
    ...(routes !== undefined && { otherRoutes: routes }),
    ...(snatPorts !== undefined && { outbound: { addresses: outboundIps, portsPerNode: snatPorts } }),
  };
}

function ranges(
  { subnet, podCidr, podSubnet, serviceCidr }: PlanOptions,
  use: LabUse | undefined,
): Partial<CapacityRequest> {
  const asked = {
    subnet: subnetOf('subnet', subnet) ?? use?.subnet,
    podCidr: subnetOf('pod-cidr', podCidr) ?? use?.podCidr,
    podSubnet: subnetOf('pod-subnet', podSubnet) ?? use?.podSubnet,
    serviceCidr: subnetOf('service-cidr', serviceCidr) ?? use?.serviceCidr,
  };
  return Object.fromEntries(Object.entries(asked).filter(([, range]) => range !== undefined));
}

function poolPlan(options: PlanOptions): CapacityPlan {
  const model = modelOf(options.network) ?? 'calico';
  if (model !== 'calico' && model !== 'flannel') required('network', ['calico', 'flannel']);
  const nodePool = poolOf('node-pool', options.nodePool);
  const vipPool = poolOf('vip-pool', options.vipPool);
  return planPools({
    model,
    site: siteOf(options),
    ...(nodePool !== undefined && { nodePool }),
    ...(vipPool !== undefined && { vipPool }),
    servicePorts: portsOf(options.servicePorts),
    maxPods: options.maxPods ?? modelLimits.calico.defaultMaxPods,
  });
}

function siteOf({ hciCluster, deviceNodes }: PlanOptions): HciSite | EdgeSite {
  if (deviceNodes !== undefined) return { kind: 'edge', nodes: deviceNodes };
  const clusters = hciCluster.map((text) => {
    const [controlPlane, workers] = text.split('+').map(wholeNumberOf);
    if (controlPlane === undefined || workers === undefined) {
      return required('hci-cluster', ['CONTROLPLANE+WORKERS, as 3+5']);
    }
    return { controlPlane, workers };
  });
  return { kind: 'hci', clusters };
}

function modelOf(text: string | undefined): ModelName | undefined {
  if (text === undefined) return undefined;
  const models = Object.keys(modelLimits) as ModelName[];
  return models.find((model) => model === text) ?? required('network', models);
}
