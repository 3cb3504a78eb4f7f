import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError } from '../../lib/errors.ts';
import type { BgpDaemons, BgpNeighbour, BgpPlace, BgpRoute, BgpSpeaker, LearnedRoute } from './port.ts';

/*
 * A node and a router on one link.
 *
 *   node 10.9.0.2, fd00:9::2 --- 10.9.0.1, fd00:9::1 router
 */
export const link = {
  node: { IPv4: '10.9.0.2', IPv6: 'fd00:9::2' },
  router: { IPv4: '10.9.0.1', IPv6: 'fd00:9::1' },
} as const;

export interface DaemonsUnderTest {
  readonly node: BgpPlace;
  readonly router: BgpPlace;
  /** For the node and for the router, which may be of another implementation. */
  readonly daemons: BgpDaemons;
  readonly others: BgpDaemons;
  close(): Promise<void>;
}

export const route = (prefix: string, more: Partial<BgpRoute> = {}): BgpRoute => ({
  prefix,
  communities: [],
  largeCommunities: [],
  ...more,
});

const asns = { node: 64_501, router: 64_500 } as const;

/** The node's only neighbour, and with `routes` what it is told. */
export function toRouter(routes: readonly BgpRoute[], more: Partial<BgpNeighbour> = {}): BgpSpeaker {
  const neighbour: BgpNeighbour = {
    name: 'router',
    address: link.router.IPv4,
    port: 179,
    asn: asns.router,
    holdSeconds: 90,
    keepaliveSeconds: 30,
    connectSeconds: 1,
    multihop: false,
    gracefulRestart: true,
    passive: false,
    families: ['IPv4', 'IPv6'],
    nextHops: { IPv6: link.node.IPv6 },
    routes,
    ...more,
  };
  return { routerId: link.node.IPv4, asn: asns.node, installs: false, neighbours: [neighbour] };
}

/** The router's only neighbour. */
export function toNode(more: Partial<BgpNeighbour> = {}): BgpSpeaker {
  const [neighbour] = toRouter([], {
    name: 'node',
    address: link.node.IPv4,
    asn: asns.node,
    passive: true,
    nextHops: {},
    ...more,
  }).neighbours;
  assert.ok(neighbour);
  return { routerId: link.router.IPv4, asn: asns.router, installs: true, neighbours: [neighbour] };
}

/** Waits for what daemons bring about by themselves. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T>,
  isIt: (found: T) => boolean,
): Promise<T> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const found = await look();
    if (isIt(found)) return found;
    if (performance.now() > deadline) assert.fail(`not in time: ${what}; found ${JSON.stringify(found)}`);
    await sleep(50);
  }
}

const byPrefix = (routes: readonly LearnedRoute[]): LearnedRoute[] =>
  routes.toSorted((a, b) => a.prefix.localeCompare(b.prefix));
const prefixesOf = (routes: readonly LearnedRoute[]): string =>
  routes
    .map(({ prefix }) => prefix)
    .toSorted()
    .join(' ');

/** What daemons do for a node, with any router. Each test goes on with the session of the one before. */
export function daemonsCompliance(
  label: string,
  { skip = false, make }: { readonly skip?: string | false; readonly make: () => DaemonsUnderTest },
): void {
  describe(label, { skip }, () => {
    let it: DaemonsUnderTest;
    const learnedAre = (prefixes: string): Promise<LearnedRoute[]> =>
      eventually(
        `the router learns "${prefixes}"`,
        () => it.others.learned(it.router),
        (routes) => prefixesOf(routes) === prefixes,
      );
    const sessionIs = (wanted: boolean): Promise<unknown> =>
      eventually(
        `a session that is ${wanted ? 'established' : 'not established'}`,
        () => it.daemons.sessions(it.node),
        ([session]) => session?.isEstablished === wanted,
      );

    before(() => {
      it = make();
    });
    after(() => it.close());

    test('a place without a daemon has no sessions and learns nothing, and stopping it does nothing', async () => {
      assert.deepEqual(await it.daemons.sessions(it.node), []);
      assert.deepEqual(await it.others.learned(it.router), []);
      await it.daemons.stop(it.node);
    });

    test('a session with a neighbour that is not there says why it is not established', async () => {
      await it.daemons.apply(it.node, toRouter([route('198.51.100.7/32')]));
      const [session] = await it.daemons.sessions(it.node);
      assert.equal(session?.name, 'router');
      assert.equal(session.isEstablished, false);
      assert.notEqual(session.why ?? '', '');
    });

    test('a neighbour learns routes of both families with their communities', async () => {
      await it.others.apply(it.router, toNode());
      await it.daemons.apply(
        it.node,
        toRouter([
          route('198.51.100.7/32', {
            communities: ['64501:100', '65535:65281'],
            largeCommunities: ['64501:1:2'],
          }),
          route('2001:db8:7::/64', { communities: ['64501:200'] }),
        ]),
      );
      const [four, six] = byPrefix(await learnedAre('198.51.100.7/32 2001:db8:7::/64'));
      assert.deepEqual(four?.communities.toSorted(), ['64501:100', '65535:65281']);
      assert.deepEqual(four.largeCommunities, ['64501:1:2']);
      assert.deepEqual(six?.communities, ['64501:200']);
      assert.deepEqual([four.asPath, four.from], [[asns.node], link.node.IPv4]);
      await sessionIs(true);
    });

    test('routes come, change and go while the session stays', async () => {
      const [first, second] = [route('198.51.100.7/32'), route('198.51.100.8/32')];
      await it.daemons.apply(it.node, toRouter([first, second]));
      await learnedAre('198.51.100.7/32 198.51.100.8/32');
      await eventually(
        'the changed route has no communities any more',
        () => it.others.learned(it.router),
        (routes) => routes.every(({ communities }) => communities.length === 0),
      );
      await it.daemons.apply(it.node, toRouter([{ ...second, communities: ['64501:300'] }]));
      await learnedAre('198.51.100.8/32');
      await eventually(
        'the route has its new community',
        () => it.others.learned(it.router),
        (routes) => routes[0]?.communities.includes('64501:300') === true,
      );
      await it.daemons.apply(it.node, toRouter([]));
      await learnedAre('');
      assert.equal((await it.daemons.sessions(it.node))[0]?.isEstablished, true);
    });

    test('an internal neighbour is told the local preference', async () => {
      await it.others.apply(it.router, toNode({ asn: asns.router }));
      const speaker = toRouter([route('198.51.100.7/32', { localPref: 150 })], { asn: 'internal' });
      await it.daemons.apply(it.node, { ...speaker, asn: asns.router });
      const [learned] = await learnedAre('198.51.100.7/32');
      assert.deepEqual([learned?.localPref, learned?.asPath], [150, []]);
    });

    test('a session may have an AS number of its own', async () => {
      await it.others.apply(it.router, toNode({ asn: 64_999 }));
      await it.daemons.apply(it.node, toRouter([route('198.51.100.7/32')], { localAsn: 64_999 }));
      const [learned] = await eventually(
        'the path begins with that number',
        () => it.others.learned(it.router),
        ([first]) => first?.asPath[0] === 64_999,
      );
      assert.deepEqual(learned?.asPath, [64_999]);
    });

    test('a session between addresses of IPv6 carries both families where it may, and withdraws each', async () => {
      const ends = { families: ['IPv6', 'IPv4'] } as const;
      await it.others.apply(it.router, toNode({ ...ends, address: link.node.IPv6 }));
      const tell = (...prefixes: string[]): Promise<void> => {
        const more = { ...ends, address: link.router.IPv6, nextHops: { IPv4: link.node.IPv4 } };
        return it.daemons.apply(
          it.node,
          toRouter(
            prefixes.map((prefix) => route(prefix)),
            more,
          ),
        );
      };
      await tell('198.51.100.7/32', '2001:db8:7::1/128', '2001:db8:7::2/128');
      const routes = await learnedAre('198.51.100.7/32 2001:db8:7::1/128 2001:db8:7::2/128');
      assert.deepEqual([...new Set(routes.map(({ from }) => from))], [link.node.IPv6]);
      await tell('198.51.100.7/32', '2001:db8:7::2/128');
      await learnedAre('198.51.100.7/32 2001:db8:7::2/128');
      await tell('2001:db8:7::2/128');
      await learnedAre('2001:db8:7::2/128');
    });

    test('a session has the password of both ends or there is none', async () => {
      const password = "pa$$w'ord\\{1}";
      await it.others.apply(it.router, toNode({ asn: 'external', password }));
      await it.daemons.apply(it.node, toRouter([route('198.51.100.7/32')], { password: 'another' }));
      await learnedAre('');
      await sessionIs(false);
      await it.daemons.apply(it.node, toRouter([route('198.51.100.7/32')], { password }));
      await learnedAre('198.51.100.7/32');
    });

    test('a value that may not stand in a configuration is refused, and nothing changes', async () => {
      const refused = [
        toRouter([route('198.51.100.9/32')], { password: 'x"; import all; #' }),
        toRouter([route('198.51.100.9/32')], { password: 'two words' }),
        toRouter([route('198.51.100.9/32\n')]),
        toRouter([route('198.51.100.9/24')]),
        toRouter([route('198.51.100.9/32', { communities: ['1:2); reject;'] })]),
        toRouter([], { name: 'a b' }),
        toRouter([], { address: 'router.example' }),
      ];
      for (const speaker of refused) {
        await assert.rejects(
          it.daemons.apply(it.node, speaker),
          (error) =>
            error instanceof WeftError &&
            error.code === 'bgp-invalid' &&
            !error.message.includes('two words'),
        );
      }
      assert.equal(prefixesOf(await it.others.learned(it.router)), '198.51.100.7/32');
    });

    test('a daemon that is stopped says goodbye: its neighbour drops its routes at once', async () => {
      await it.daemons.stop(it.node);
      await learnedAre('');
      assert.deepEqual(await it.daemons.sessions(it.node), []);
    });
  });
}
