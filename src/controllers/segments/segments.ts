import { fabricResources, layer2Resources, loadBalancerResources } from '../../api/resources.ts';
import type { VirtualMachine } from '../../api/types/fabric.ts';
import type { AddressHolder } from '../../api/types/layer2.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import { sameJson } from '../../lib/same-json.ts';
import {
  demandsOfMachine,
  demandsOfServer,
  demandsOfSwitch,
  dhcpServerOf,
  isOnLayer2,
  isOnNodeSegment,
  type Demands,
} from '../../model/fabric/layer2/demands.ts';
import { domainsOf, type AddressDomain, type Domains } from '../../model/fabric/layer2/domains.ts';
import { routeProblems } from '../../model/fabric/layer2/world.ts';
import { done, type Outcome } from '../../reconcile/outcome.ts';
import { controllerOf, reconcilerFor, type Controller, type ControllerContext } from '../controller.ts';
import { createStatusWriter } from '../status.ts';
import { createSegmentClaims } from './claims.ts';
import { createPodDemands } from './pods.ts';
import { createReservations } from './reservations.ts';

/** Somebody who may have addresses of segments and switches. */
type Holder = Omit<AddressHolder, 'interface'>;

/**
 * Gives machines and switches their addresses on segments: each is written down (SegmentAddress) before the fabric uses
 * it, and is given back when the fabric no longer finds it wanted. Who cannot have what it asks for is told so by an
 * Event, and gets it when that changes.
 */
export function createSegmentsController(context: ControllerContext): Controller {
  const { client, cache, events } = context;
  const segments = client.informer(layer2Resources.segments);
  const switches = client.informer(layer2Resources.virtualswitches);
  const machines = client.informer(fabricResources.virtualmachines);
  const routes = client.informer(layer2Resources.noderoutes);
  const pools = client.informer(loadBalancerResources.ipaddresspools);
  const ordinal = context.around?.ordinal ?? 0;
  const claims = createSegmentClaims(context, createReservations({ cache, pools, ordinal }));
  const synced = Promise.all([segments, switches, machines, routes, pools, claims].map((one) => one.synced));
  /** Holders that could not have what they ask for, and what they were told. */
  const waiting = new Map<string, string>();
  let domains: Domains | undefined;

  const domainsNow = (): Domains => (domains ??= domainsOf(segments.values(), switches.values()));

  /** Names of DHCP servers that were wanted since the start. */
  const servers = new Set<string>();
  const domainOfServer = (name: string): AddressDomain | undefined =>
    [...domainsNow().byKey.values()].find((domain) => dhcpServerOf(domain).name === name);
  const objectOf = ({ key }: AddressDomain): KubernetesObject | undefined => {
    const [kind, name = ''] = key.split('/');
    return kind === 'Segment' ? segments.get(name) : switches.get(name);
  };

  const wantedBy = ({ kind, name }: Holder): Demands & { readonly object?: KubernetesObject } => {
    const [one, vm] = [switches.get(name), machines.get(name)];
    if (kind === 'VirtualSwitch' && one !== undefined) {
      return { ...demandsOfSwitch(one, domainsNow()), object: one };
    }
    if (kind === 'VirtualMachine' && vm !== undefined) {
      const isNode = cache.nodes.get(name) !== undefined;
      return { ...demandsOfMachine(vm, domainsNow(), isNode), object: vm };
    }
    const domain = kind === 'DHCPServer' ? domainOfServer(name) : undefined;
    if (domain === undefined) return { demands: [], problems: [] };
    const object = objectOf(domain);
    return { ...demandsOfServer(domain), ...(object && { object }) };
  };

  async function reconcile(key: string): Promise<Outcome> {
    await synced;
    const [kind = '', name = ''] = key.split('/');
    const holder = { kind: kind as AddressHolder['kind'], name };
    const { demands, problems, object } = wantedBy(holder);
    const kept = new Set<string>();
    const told = [...problems];
    for (const demand of demands) {
      const outcome = await claims.take(demand);
      if ('name' in outcome) kept.add(outcome.name);
      else told.push(outcome.problem);
    }
    for (const claim of claims.of(holder)) {
      if (!kept.has(claim.metadata.name)) await claims.release(claim);
    }
    tell(key, object, told);
    const vm = kind === 'VirtualMachine' ? machines.get(name) : undefined;
    if (vm !== undefined) await writeStatus(vm);
    return done;
  }

  function tell(key: string, object: KubernetesObject | undefined, problems: readonly string[]): void {
    const text = problems.join('; ');
    if (text !== '' && object !== undefined && waiting.get(key) !== text) {
      events.warn(object, 'NoAddress', text);
    }
    if (text === '') waiting.delete(key);
    else waiting.set(key, text);
  }

  /** Of a machine all of whose interfaces are on segments and switches. */
  async function writeStatus({ metadata: { name }, spec, status }: VirtualMachine): Promise<void> {
    if (!spec.interfaces.every(isOnLayer2)) return;
    const held = claims.of({ kind: 'VirtualMachine', name });
    const ofNode = (cache.nodes.get(name)?.status?.addresses ?? []).filter(
      ({ type }) => type === 'InternalIP',
    );
    const interfaces = spec.interfaces.map((nic) => ({
      name: nic.name,
      addresses:
        ofNode.length > 0 && isOnNodeSegment(nic)
          ? ofNode.map(({ address }) => address)
          : held.filter((one) => one.spec.holder.interface === nic.name).map((one) => one.spec.address),
    }));
    if (sameJson(status?.interfaces, interfaces)) return;
    const body = { status: { interfaces } };
    await client.patch(fabricResources.virtualmachines, { name }, { subresource: 'status', body });
  }

  const pods = createPodDemands(context, { claims, domains: domainsNow, machines });
  const routeStatus = createStatusWriter(context, {
    resource: layer2Resources.noderoutes,
    informer: routes,
    statusOf: ({ metadata }) => {
      const found = routeProblems([...routes.values()], {
        machines: [...machines.values()],
        domains: domainsNow(),
        nodes: Array.from(cache.nodes.values(), (node) => node.metadata.name),
        ranges: context.config,
      }).get(metadata.name);
      return { problems: (found ?? []).map(({ node, message }) => ({ node, message })) };
    },
  });
  const lookAtRoutes = (): void => {
    for (const { metadata } of routes.values()) routeStatus.touch(metadata.name);
  };

  const reconciler = reconcilerFor(context, 'segments', reconcile);
  const wake = (): void => {
    for (const key of waiting.keys()) reconciler.enqueue(key);
  };
  const lookAtAll = (): void => {
    domains = undefined;
    pods.wake();
    lookAtRoutes();
    for (const domain of domainsNow().byKey.values())
      if (domain.dhcpServer !== undefined) servers.add(dhcpServerOf(domain).name);
    for (const name of servers) reconciler.enqueue(`DHCPServer/${name}`);
    for (const { metadata } of switches.values()) reconciler.enqueue(`VirtualSwitch/${metadata.name}`);
    for (const { metadata } of machines.values()) reconciler.enqueue(`VirtualMachine/${metadata.name}`);
  };

  return controllerOf('segments', [reconciler, pods.reconciler, routeStatus.reconciler], () => [
    ...pods.follow(),
    () => claims.end(),
    routes.onChange(({ previous, current }) => {
      if (!sameJson(previous?.spec, current?.spec)) lookAtRoutes();
    }),
    segments.onChange(lookAtAll),
    switches.onChange(({ key }) => {
      lookAtAll();
      reconciler.enqueue(`VirtualSwitch/${key}`);
    }),
    machines.onChange(({ key }) => {
      reconciler.enqueue(`VirtualMachine/${key}`);
      pods.wake();
      lookAtRoutes();
    }),
    cache.nodes.onChange(({ key, previous, current }) => {
      if (!sameJson(previous?.status?.addresses, current?.status?.addresses)) {
        reconciler.enqueue(`VirtualMachine/${key}`);
        lookAtRoutes();
      }
    }),
    claims.follow(({ spec: { holder } }, isGone) => {
      if (isMachine(holder)) reconciler.enqueue(`${holder.kind}/${holder.name}`);
      if (isGone) wake();
    }),
  ]);
}

/** Others give back what pods and nodes have. */
function isMachine({ kind }: AddressHolder): boolean {
  return kind === 'VirtualMachine' || kind === 'VirtualSwitch' || kind === 'DHCPServer';
}
