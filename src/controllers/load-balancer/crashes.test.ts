import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, loadBalancerResources, resources } from '../../api/resources.ts';
import type { Service } from '../../api/types/core.ts';
import type { LoadBalancerAddress } from '../../api/types/load-balancer.ts';
import { createFakeStore, type FakeStore } from '../../client/fake/store.ts';
import type { Client } from '../../client/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { createFakeClock, type FakeClock } from '../../lib/fake-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { canShare, holderOf } from '../../model/load-balancer/request.ts';
import { addressesGivenTo } from '../../model/load-balancer/status.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { createMortal, pass, stepMs } from '../../../test/support/mortal.ts';
import { randomFrom } from '../../../test/support/random.ts';
import { createControllers, type Controllers } from '../controllers.ts';
import { balancedService, poolNamed } from '../../model/load-balancer/fixtures.ts';

const claims = loadBalancerResources.loadbalanceraddresses;
const pools = loadBalancerResources.ipaddresspools;

/** No address is in the status of a Service that has not claimed it. */
function requireClaims(store: FakeStore): void {
  const services = store.list(resources.services).items as unknown as Service[];
  const claimed = new Map(
    (store.list(claims).items as unknown as LoadBalancerAddress[]).map(({ spec }) => [
      spec.address,
      spec.services,
    ]),
  );
  for (const service of services) {
    for (const address of addressesGivenTo(service)) {
      const holders = claimed.get(address) ?? [];
      assert.ok(
        holders.includes(keyOf(service)),
        `${keyOf(service)} has ${address}, claimed by ${holders.join()}`,
      );
    }
  }
}

/** A process with the controllers, which dies before its write number `diesAt`. */
interface Generation {
  readonly controllers: Controllers;
  readonly client: Client;
  readonly isDead: () => boolean;
}

async function startGeneration(store: FakeStore, clock: Clock, diesAt: number): Promise<Generation> {
  const { isDead, clientOf } = createMortal({ diesAt, check: () => requireClaims(store), ignored: [pools] });
  const client = clientOf(store);
  const controllers = createControllers({
    client,
    clock,
    log: silentLog,
    config: defaultNetworkConfig,
    only: ['load-balancer'],
  });
  await controllers.start();
  return { controllers, client, isDead };
}

async function end({ controllers, client }: Generation): Promise<void> {
  await controllers.stop();
  await client.close();
}

/** Some change that a person makes. */
function disturb(store: FakeStore, random: (below: number) => number): void {
  const name = `s${random(6)}`;
  const found = store.get(resources.services, { namespace: 'shop', name });
  if (found !== undefined && random(3) === 0) {
    store.delete(resources.services, { namespace: 'shop', name });
    return;
  }
  const annotations = random(2) === 0 ? { 'metallb.io/allow-shared-ip': `key${random(2)}` } : {};
  const service = balancedService(
    name,
    {
      ports: [{ port: 80 + random(3), protocol: 'TCP' }],
      ...(random(4) === 0 && { loadBalancerIP: `192.0.2.${random(4)}` }),
      ...(random(4) === 0 && { externalTrafficPolicy: 'Local' as const }),
      ...(random(6) === 0 && { type: 'ClusterIP' as const }),
    },
    annotations,
  );
  if (found === undefined) store.create(resources.services, service);
  else if (service.spec.type === 'ClusterIP') {
    // The API server takes the status of what is no load balancer any more.
    store.put(resources.services, { ...found, spec: service.spec, status: {} });
  } else {
    store.modify(
      resources.services,
      { namespace: 'shop', name },
      {
        what: 'object',
        change: (current) => ({
          ...current,
          spec: service.spec,
          metadata: { ...current.metadata, annotations },
        }),
      },
    );
  }
}

async function settled(store: FakeStore, clock: FakeClock): Promise<void> {
  // Claims that another process has left are tried again after a second at most.
  for (let quietMs = 0, before = ''; quietMs < 6000;) {
    await pass(clock, 100);
    const now = store.list(claims).resourceVersion;
    quietMs = now === before ? quietMs + 100 : 0;
    before = now;
  }
}

/** No two Services have an address that they do not share, and nothing is claimed that nobody has. */
function requireOneOwner(store: FakeStore): void {
  requireClaims(store);
  const owners = new Map<string, Service>();
  for (const service of store.list(resources.services).items as unknown as Service[]) {
    for (const address of addressesGivenTo(service)) {
      const other = owners.get(address);
      const isShared = other === undefined || canShare(holderOf(service), holderOf(other));
      assert.ok(isShared, `${keyOf(service)} and ${other && keyOf(other)} have ${address}`);
      owners.set(address, service);
    }
  }
  const has = new Set(
    (store.list(resources.services).items as unknown as Service[]).flatMap((service) =>
      addressesGivenTo(service).map((address) => `${address} ${keyOf(service)}`),
    ),
  );
  for (const { spec } of store.list(claims).items as unknown as LoadBalancerAddress[]) {
    assert.ok(spec.services.length > 0, `${spec.address} is claimed by nobody`);
    for (const service of spec.services)
      assert.ok(has.has(`${spec.address} ${service}`), `${spec.address} ${service}`);
  }
}

// 276: a process took for its own the claim that another had just made, and gave it back.
for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 276]) {
  test(`an address has one owner, whenever a process dies and however many run (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    const clock = createFakeClock();
    const store = createFakeStore(() => clock.now());
    // Fewer addresses than Services.
    store.create(pools, poolNamed('one', ['192.0.2.0/30']));
    // Two at a time: leases are not perfect.
    const running = [
      await startGeneration(store, clock, random(6)),
      await startGeneration(store, clock, random(12)),
    ];
    try {
      for (let round = 0; round < 30; round++) {
        disturb(store, random);
        await pass(clock, random(12) * stepMs);
        for (const [index, generation] of running.entries()) {
          if (!generation.isDead()) continue;
          await end(generation);
          running[index] = await startGeneration(store, clock, random(10));
        }
        requireClaims(store);
      }
    } finally {
      for (const generation of running) await end(generation);
    }
    const last = await startGeneration(store, clock, Number.MAX_SAFE_INTEGER);
    await settled(store, clock);
    await end(last);
    requireOneOwner(store);
  });
}
