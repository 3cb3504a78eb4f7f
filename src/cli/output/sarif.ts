import { toJson } from './format.ts';

/** A failed expectation, and the line it is about. */
export interface SarifFinding {
  readonly message: string;
  readonly place: { readonly file: string; readonly line: number } | undefined;
}

const ruleId = 'expectation-failed';

/** SARIF 2.1.0, as code scanning reads it. */
export function renderSarif(findings: readonly SarifFinding[]): string {
  const rules = [{ id: ruleId, shortDescription: { text: 'A connection is not what a test expects of it' } }];
  return toJson({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'weft', rules } }, results: findings.map(resultOf) }],
  });
}

function resultOf({ message, place }: SarifFinding): object {
  const result = { ruleId, level: 'error', message: { text: message } };
  if (place === undefined) return result;
  const { file, line } = place;
  const physicalLocation = {
    artifactLocation: { uri: encodeURI(file) },
    region: { startLine: line },
  };
  return { ...result, locations: [{ physicalLocation }] };
}
