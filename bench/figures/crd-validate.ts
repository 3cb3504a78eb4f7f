import { customResourcesOf } from '../../src/apiserver/custom/kind.ts';
import { upstreamDefinitions } from '../../src/apiserver/custom/upstream/definitions.ts';
import type { StoredObject } from '../../src/apiserver/json.ts';
import { createStore } from '../../src/apiserver/store/store.ts';
import type { Figure } from '../lib/figure.ts';

const warmUps = 2000;
const runs = 2000;

/**
 * Admits an HTTPRoute of Gateway API, with everything that its definition says: defaults, schema and all rules in
 * CEL. The definition is compiled once, as the server does. It is read from ../shared, and cannot be measured
 * without.
 */
export const figure: Figure = {
  name: 'crd-validate',
  async *measure(progress) {
    const admit = httpRouteAdmission();
    const route = httpRoute();
    for (let count = 0; count < warmUps; count++) admit(route);
    const samples: number[] = [];
    for (let count = 0; count < runs; count++) {
      const start = performance.now();
      admit(route);
      samples.push(performance.now() - start);
    }
    progress(`crd-validate: ${runs} routes`);
    yield { bench: 'crd-validate', unit: 'ms', samples, target: 0.5, peer: null };
  },
};

function httpRouteAdmission(): (object: StoredObject) => StoredObject {
  const found = upstreamDefinitions().find(({ file }) => /^experimental-.*httproutes/.test(file));
  if (found === undefined) throw new Error('the definitions of Gateway API (../shared) are not here');
  const { definition } = found;
  const store = createStore({ path: ':memory:' });
  const onRetired = (): (() => void) => () => {};
  const resources = customResourcesOf({ definition, names: definition.spec.names, store, onRetired });
  const kind = resources.find(({ version }) => version === 'v1')?.custom;
  if (kind === undefined) throw new Error('the definition of HTTPRoute has no version v1');
  return (object) => kind.admit(object, undefined);
}

/** A route as people write them: two parents, four rules with matches, filters and weighted backends. */
function httpRoute(): StoredObject {
  const rule = (n: number): object => ({
    name: `rule-${n}`,
    matches: [
      { path: { type: 'PathPrefix', value: `/v${n}/items` }, method: 'GET' },
      { path: { type: 'Exact', value: `/v${n}` }, headers: [{ name: 'x-version', value: String(n) }] },
    ],
    filters: [
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { set: [{ name: 'x-rule', value: String(n) }] },
      },
      { type: 'RequestMirror', requestMirror: { backendRef: { name: 'mirror', port: 8080 }, percent: 10 } },
    ],
    timeouts: { request: '10s', backendRequest: '5s' },
    backendRefs: [
      { name: 'stable', port: 80, weight: 90 },
      { name: 'canary', port: 80, weight: 10 },
    ],
  });
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'shop', namespace: 'default' },
    spec: {
      parentRefs: [
        { name: 'edge', sectionName: 'http' },
        { name: 'edge', sectionName: 'https' },
      ],
      hostnames: ['shop.example.com', '*.shop.example.com'],
      rules: [1, 2, 3, 4].map(rule),
    },
  };
}
