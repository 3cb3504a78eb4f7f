import assert from 'node:assert/strict';
import test from 'node:test';
import { apiVersionOf, knownResources } from '../resources.ts';
import { validateObject } from './validate.ts';

/** The problems of an object, each as one line: field, reason and message. */
export function problemsOf(object: unknown): string[] {
  return validateObject(object).map(({ path, reason, message }) => `${path} ${reason}: ${message}`);
}

const apiVersions: ReadonlyMap<string, string> = new Map(
  knownResources.map((resource) => [resource.kind, apiVersionOf(resource)]),
);

export interface Case {
  readonly name: string;
  readonly kind: string;
  readonly spec: object;
  readonly metadata?: object;
  readonly problems: readonly string[];
}

/** Declares one test for each case: what is wrong with an object of this spec. */
export function testCases(cases: readonly Case[]): void {
  for (const { name, kind, spec, metadata = {}, problems } of cases) {
    test(`${kind}: ${name}`, () => {
      const object = { apiVersion: apiVersions.get(kind), kind, metadata: { name: 'a', ...metadata }, spec };
      assert.deepEqual(problemsOf(object), problems);
    });
  }
}
