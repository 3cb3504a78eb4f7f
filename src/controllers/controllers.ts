import type { Client } from '../client/port.ts';
import type { Clock } from '../lib/clock.ts';
import type { Service } from '../lib/lifecycle.ts';
import type { Log } from '../lib/log.ts';
import type { NetworkConfig } from '../model/network/config.ts';
import type { FailingKey } from '../reconcile/outcome.ts';
import { inTurns } from '../lib/in-turns.ts';
import { createClusterCache, type ClusterCache } from './cluster-cache.ts';
import type { Controller, ControllerContext } from './controller.ts';
import { createDaemonSetController } from './daemon-set.ts';
import { createDeploymentController } from './deployment.ts';
import { createEndpointSliceMirroringController } from './endpoint-slice-mirroring.ts';
import { createEndpointSliceController } from './endpoint-slice.ts';
import { createEndpointsController } from './endpoints.ts';
import { createEventRecorder } from './events.ts';
import { createGarbageCollector } from './garbage-collector.ts';
import { createJobController } from './job.ts';
import { createLoadBalancerController } from './load-balancer/load-balancer.ts';
import { createNamespaceController } from './namespace.ts';
import { createNodeBlocksController } from './node-blocks/node-blocks.ts';
import { createNodeAddressesController } from './node-addresses/node-addresses.ts';
import { createNodeRoutesController } from './node-routes/node-routes.ts';
import { createPodGarbageCollector } from './pod-garbage-collector.ts';
import { createReplicaSetController } from './replica-set.ts';
import { createRootCaController } from './root-ca.ts';
import { createSchedulerController } from './scheduler.ts';
import { createSegmentNodesController } from './segments/nodes.ts';
import { createSegmentsController } from './segments/segments.ts';
import { createStatefulSetController } from './stateful-set.ts';

export interface ControllersOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly config: NetworkConfig;
  /** PEM of the API server's authority, which every namespace is told; not where somebody else does that. */
  readonly rootCa?: string;
  /** See `ControllerContext`. */
  readonly around?: NonNullable<ControllerContext['around']>;
  /** All of them unless said otherwise. */
  readonly only?: readonly ControllerName[];
}

/** The cluster-wide loops of a cluster that has no kube-controller-manager and no kube-scheduler. */
export interface Controllers extends Service {
  /** Keys that are not as they should be, with the controller that tries. */
  failing(): (FailingKey & { readonly controller: string })[];
  /** Resolves when no controller has anything due or running. What the API has not told yet does not count. */
  idle(): Promise<void>;
}

/** In the order in which they hear of a change: the scheduler comes before those who only write statuses. */
const factories = {
  endpointslice: createEndpointSliceController,
  scheduler: createSchedulerController,
  replicaset: createReplicaSetController,
  deployment: createDeploymentController,
  statefulset: createStatefulSetController,
  daemonset: createDaemonSetController,
  job: createJobController,
  endpoints: createEndpointsController,
  'endpointslice-mirroring': createEndpointSliceMirroringController,
  'load-balancer': createLoadBalancerController,
  'node-blocks': createNodeBlocksController,
  'node-addresses': createNodeAddressesController,
  'node-routes': createNodeRoutesController,
  segments: createSegmentsController,
  'segment-nodes': createSegmentNodesController,
  namespace: createNamespaceController,
  'root-ca': createRootCaController,
  'garbage-collector': createGarbageCollector,
  'pod-garbage-collector': createPodGarbageCollector,
} as const satisfies Record<string, (context: ControllerContext) => Controller>;

export type ControllerName = keyof typeof factories;

export const controllerNames = Object.keys(factories) as readonly ControllerName[];

/** `start` resolves when the caches are filled and every loop runs; it does not wait for their work. */
export function createControllers(options: ControllersOptions): Controllers {
  let controllers: Controller[] = [];
  let cache: ClusterCache | undefined;
  let stopped = false;
  function* started(all: readonly Controller[]): Generator<void> {
    for (const controller of all) {
      if (stopped) return;
      controller.start();
      yield;
    }
  }
  return {
    async start() {
      if (cache !== undefined) return;
      cache = createClusterCache(options.client, options.clock);
      await cache.synced;
      if (stopped) return;
      const events = createEventRecorder({ ...options, component: 'weft-controllers' });
      const context = { ...options, cache, events };
      const chosen = controllerNames.filter((name) => options.only?.includes(name) ?? true);
      controllers = chosen.map((name) => factories[name](context));
      // Each looks at everything that there is: together they would keep whoever shares the process waiting.
      await inTurns(started(controllers), options.clock);
    },
    async stop() {
      stopped = true;
      const ended = Promise.all(controllers.map((controller) => controller.stop()));
      // Handlers that wait for a cache to catch up go on, and start nothing any more.
      cache?.end();
      await ended;
    },
    failing: () =>
      controllers.flatMap((controller) =>
        controller.failing().map((key) => ({ ...key, controller: controller.name })),
      ),
    async idle() {
      await Promise.all(controllers.map((controller) => controller.idle()));
    },
  };
}
