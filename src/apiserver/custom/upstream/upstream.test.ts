import assert from 'node:assert/strict';
import test from 'node:test';
import { createTestApi } from '../../testing/test-api.ts';
import { withSchemaDefaults } from '../defaults.ts';
import { nodeOf } from '../node.ts';
import { compileRules } from '../rules.ts';
import { schemaProblems } from '../validate.ts';
import { rulesOf, upstreamDefinitions, upstreamFolder, type UpstreamRule } from './definitions.ts';
import { rows } from './rows.ts';

const skip = upstreamFolder === undefined && 'the definitions of other projects (../shared) are not here';

test('the definitions of Gateway API, network-policy-api and MetalLB apply unchanged', { skip }, async () => {
  const api = createTestApi();
  for (const { file, definition } of upstreamDefinitions()) {
    const url = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`;
    const { status, body } = await api.call(
      'PATCH',
      `${url}?fieldManager=test&force=true&fieldValidation=Strict`,
      {
        body: definition,
        headers: { 'content-type': 'application/apply-patch+yaml' },
      },
    );
    assert.ok(status === 200 || status === 201, `${file}: ${JSON.stringify(body)}`);
  }
});

test('every rule has a row, and every row a rule', { skip }, () => {
  const rules = upstreamDefinitions().flatMap(rulesOf);
  assert.ok(rules.length >= 670, `only ${rules.length} rules`);
  const messages = new Set(rules.map(({ rule }) => rule.message ?? ''));
  assert.deepEqual([...messages].toSorted(), Object.keys(rows).toSorted());
});

/** What the rules and the schema of a rule's place say of a value there. */
function verdict(
  { schema }: UpstreamRule,
  value: unknown,
  before?: unknown,
): { rules: string[]; schema: string[] } {
  const node = nodeOf({ type: 'object', properties: { it: schema } });
  const complete = withSchemaDefaults({ it: value }, node);
  const evaluate = compileRules(node);
  const problems = evaluate?.(complete, before === undefined ? undefined : { it: before }) ?? [];
  return {
    rules: problems.map(({ message }) => message),
    schema: schemaProblems(complete, node).map(({ path, message }) => `${path}: ${message}`),
  };
}

for (const { file, definition } of upstreamDefinitions()) {
  const rules = rulesOf({ file, definition });
  if (rules.length === 0) continue;
  test(`${file}: every rule accepts and rejects as its text says`, () => {
    for (const rule of rules) {
      const row = rows[rule.rule.message ?? ''];
      assert.ok(row !== undefined, rule.rule.message);
      const where = `${rule.path}: ${rule.rule.rule}`;
      const accepted = verdict(rule, row.accepted, row.before);
      assert.deepEqual(accepted, { rules: [], schema: [] }, where);
      const rejected = verdict(rule, row.rejected, row.before);
      assert.ok(
        rejected.rules.some((message) => message.endsWith(rule.rule.message ?? '?')),
        `${where} does not reject, but says ${JSON.stringify(rejected)}`,
      );
    }
  });
}
