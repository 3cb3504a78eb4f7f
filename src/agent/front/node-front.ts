import type { Node, Service } from '../../api/types/core.ts';
import type { Clock } from '../../lib/clock.ts';
import { familyOf, inFamily, type Family } from '../../lib/address.ts';
import { messageOf } from '../../lib/errors.ts';
import { createForwardingServer } from '../../lib/forwarding-server.ts';
import type { Log } from '../../lib/log.ts';
import { timestamp } from '../../lib/timestamp.ts';
import { healthCheckPort, readyOnNode } from '../../model/services/health-check.ts';
import type { ServicePortModel } from '../../model/services/port.ts';
import type { Inside } from '../../workload/streams/inside.ts';
import type { Freshness } from '../freshness.ts';
import { healthServer, type Health } from './health-server.ts';
import { createNodeServers, type WantedServer } from './node-servers.ts';

/** What a node answers itself: health checks, and node ports at its loopback addresses. */
export interface NodeFront {
  /** Services that changed. */
  update(services: Iterable<string>): void;
  stop(): void;
}

export interface NodeFrontOptions {
  readonly name: string;
  readonly netns: string;
  readonly families: readonly Family[];
  /** Where node ports answer. */
  readonly doors: () => readonly string[];
  readonly isOnLocalhost: boolean;
  readonly node: () => Node | undefined;
  readonly service: (key: string) => Service | undefined;
  readonly portsOf: (key: string) => readonly ServicePortModel[];
  readonly freshness: Freshness;
  readonly inside: Inside;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where kube-proxy answers for a whole node, and people's monitoring expects it. */
const healthPort = 10_256;
const anyAddress = { IPv4: '0.0.0.0', IPv6: '::' } as const;
const loopback = { IPv4: '127.0.0.1', IPv6: '::1' } as const;
/** The cluster autoscaler's word for a node that it is about to delete. */
const leavingTaint = 'ToBeDeletedByClusterAutoscaler';

export function createNodeFront(options: NodeFrontOptions): NodeFront {
  const { name, netns, families, doors, freshness, inside, clock, log } = options;
  const servers = createNodeServers({ inside, netns, clock, log });

  const liveness = (): Health => ({
    isHealthy: !freshness.isStale(),
    body: {
      lastUpdated: timestamp(freshness.lastUpdated()),
      currentTime: timestamp(clock.now()),
    },
  });

  const healthOfNode = (): Health => {
    const { isHealthy, body } = liveness();
    const nodeEligible = isEligible(options.node());
    return { isHealthy: isHealthy && nodeEligible, body: { ...body, nodeEligible } };
  };

  const healthOfService = (key: string, family: Family): Health => {
    const [namespace = '', service = ''] = key.split('/');
    const localEndpoints = readyOnNode(options.portsOf(key), family, name);
    const isCurrent = !freshness.isStale();
    return {
      isHealthy: localEndpoints > 0 && isCurrent,
      body: { service: { namespace, name: service }, localEndpoints, serviceProxyHealthy: isCurrent },
      headers: { 'x-load-balancing-endpoint-weight': String(localEndpoints) },
    };
  };

  const healthChecks = (key: string): WantedServer[] => {
    const service = options.service(key);
    const port = service === undefined ? undefined : healthCheckPort(service);
    if (port === undefined) return [];
    return doors().map((address) => ({
      address,
      port,
      make: () => healthServer(() => healthOfService(key, familyOf(address))),
    }));
  };

  /** To the node port as the node itself reaches it, or to the cluster address where it is at no address of the family. */
  const localhostPorts = (key: string): WantedServer[] =>
    options.portsOf(key).flatMap(({ protocol, nodePort, port, family, clusterIPs }) => {
      if (protocol !== 'TCP' || nodePort === undefined) return [];
      const door = inFamily(doors(), family);
      const ends =
        door === undefined
          ? { netns, addresses: clusterIPs, port }
          : { netns, addresses: [door], port: nodePort };
      const make = () =>
        createForwardingServer({
          connect: () => inside.connect(ends),
          onRefused: (error) => log.debug({ node: name, service: key, error: messageOf(error) }, 'refused'),
        });
      return [{ address: loopback[family], port: nodePort, make }];
    });

  servers.set(
    'node',
    families.map((family) => ({
      address: anyAddress[family],
      port: healthPort,
      make: () => healthServer({ '/healthz': healthOfNode, '/livez': liveness }),
    })),
  );

  return {
    update(services) {
      for (const key of services) {
        servers.set(`health of ${key}`, healthChecks(key));
        if (options.isOnLocalhost) servers.set(`localhost of ${key}`, localhostPorts(key));
      }
    },
    stop: () => servers.stop(),
  };
}

/** Whether load balancers may send to the node. */
function isEligible(node: Node | undefined): boolean {
  if (node === undefined || node.metadata.deletionTimestamp !== undefined) return false;
  return node.spec?.taints?.some(({ key }) => key === leavingTaint) !== true;
}
