import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { validateObject } from '../api/validate/validate.ts';
import type { Definition } from '../apiserver/custom/definition.ts';
import { nodeOf } from '../apiserver/custom/node.ts';
import { compileRules } from '../apiserver/custom/rules.ts';
import { schemaProblems } from '../apiserver/custom/validate.ts';
import { policyDefinitions } from './policy-definitions.ts';

const upstreamFile = join(
  import.meta.dirname,
  '../../../shared/manifests/crds/network-policy-api',
  'experimental-policy.networking.k8s.io_clusternetworkpolicies.yaml',
);
const skip = !existsSync(upstreamFile) && 'the definition of network-policy-api (../shared) is not here';

/** What a definition's first version says of an object: the schema's words and the rules'. */
function checkerOf(definition: Definition): (object: unknown) => string[] {
  const node = nodeOf(definition.spec.versions[0]?.schema?.openAPIV3Schema ?? {});
  const evaluate = compileRules(node);
  return (object) => {
    const problems = schemaProblems(object, node);
    // Rules are asked about values of the right types only.
    const all = problems.length > 0 ? problems : (evaluate?.(object, undefined) ?? []);
    return all.map(({ path, message }) => `${path}: ${message}`);
  };
}

const complete = {
  apiVersion: 'policy.networking.k8s.io/v1alpha2',
  kind: 'ClusterNetworkPolicy',
  metadata: { name: 'one' },
  spec: {
    tier: 'Admin',
    priority: 7,
    subject: { pods: { namespaceSelector: { matchLabels: { a: 'b' } }, podSelector: {} } },
    ingress: [
      {
        name: 'first',
        action: 'Deny',
        from: [{ namespaces: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } }],
        protocols: [
          { tcp: { destinationPort: { number: 80 } } },
          { udp: { destinationPort: { range: { start: 5, end: 9 } } } },
          { destinationNamedPort: 'web' },
        ],
      },
    ],
    egress: [
      { action: 'Accept', to: [{ domainNames: ['example.com', '*.example.com.'] }] },
      {
        action: 'Pass',
        to: [{ networks: ['10.0.0.0/8', '2001:db8::/32'] }, { nodes: { matchLabels: { a: 'b' } } }],
        protocols: [{ sctp: { destinationPort: { number: 65_535 } } }],
      },
      { action: 'Deny', to: [{ pods: { podSelector: {} } }], protocols: [{ destinationNamedPort: 'web' }] },
    ],
  },
};

/** Values that something in a policy may wrongly be, or rightly. */
const oddValue = fc.constantFrom<unknown>(
  -1,
  0,
  1,
  6,
  1000,
  1001,
  65_536,
  '',
  'Accept',
  'Allow',
  'Baseline',
  'NetworkPolicy',
  'x'.repeat(101),
  '10.0.0.0/33',
  '::/0',
  '*.com.example.*',
  '*.b.example',
  [],
  {},
  true,
  { number: 5 },
  { tcp: { destinationPort: { number: 80 } } },
  { networks: ['10.0.0.0/8'] },
  { namespaces: {}, pods: { podSelector: {} } },
  Array.from({ length: 26 }, () => ({
    action: 'Deny',
    from: [{ namespaces: {} }],
    to: [{ namespaces: {} }],
  })),
);

/** The object with a few of its values taken away or replaced: every place is as likely. */
const mutated = fc
  .array(fc.record({ place: fc.nat(), value: fc.option(oddValue) }), { minLength: 1, maxLength: 3 })
  .map((changes) => {
    const object = structuredClone(complete);
    for (const { place, value } of changes) {
      const places = placesIn(object.spec);
      const at = places[place % places.length];
      if (at === undefined) continue;
      if (value !== null) at.of[at.key] = structuredClone(value);
      else if (Array.isArray(at.of)) at.of.splice(Number(at.key), 1);
      else delete at.of[at.key];
    }
    return object;
  });

interface Place {
  readonly of: Record<string, unknown>;
  readonly key: string;
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const of = value as Record<string, unknown>;
  return Object.keys(of).flatMap((key) => [{ of, key }, ...placesIn(of[key])]);
}

/** What Weft says of more than upstream's definition does: it is told before anything is applied. */
const stricter = /matchLabels|matchExpressions|domain names can only be accepted/;

test(
  'a lab takes the policies that upstream takes, and Weft tells of a broken one in a file',
  { skip },
  () => {
    const upstream = checkerOf(parse(readFileSync(upstreamFile, 'utf8')) as Definition);
    const [own] = policyDefinitions() as unknown as Definition[];
    assert.ok(own !== undefined);
    const ours = checkerOf(own);
    let valid = 0;
    fc.assert(
      fc.property(mutated, (object) => {
        const problems = validateObject(object);
        // Fields that nobody knows are pruned before anything is checked.
        fc.pre(problems.every(({ reason }) => reason !== 'UnknownField'));
        const told = problems.map(({ path, message }) => `${path}: ${message}`);
        const theirs = upstream(object);
        if (theirs.length === 0) valid++;
        assert.equal(
          ours(object).length === 0,
          theirs.length === 0,
          `${theirs.join()} but ${ours(object).join()}`,
        );
        if (theirs.length > 0) assert.ok(told.length > 0, `nothing is said of ${theirs.join()}`);
        else
          assert.deepEqual(
            told.filter((one) => !stricter.test(one)),
            [],
          );
      }),
      { numRuns: 1500, seed: 11 },
    );
    assert.ok(valid > 50, `only ${valid} were valid: the test is weak`);
  },
);
