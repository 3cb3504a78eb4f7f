import { toJson } from './format.ts';

/** Something that a report is about, and the line it is at. */
export interface SarifFinding {
  readonly ruleId: string;
  readonly level: SarifLevel;
  readonly message: string;
  readonly place: { readonly file: string; readonly line: number } | undefined;
}

/** What kinds of findings there are. */
export interface SarifRule {
  readonly id: string;
  readonly name?: string;
  readonly title: string;
  readonly level: SarifLevel;
  /** Everything there is to say about it, as Markdown. */
  readonly help?: string;
}

type SarifLevel = 'error' | 'warning' | 'note';

/** SARIF 2.1.0, as code scanning reads it. */
export function renderSarif(rules: readonly SarifRule[], findings: readonly SarifFinding[]): string {
  return toJson({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      { tool: { driver: { name: 'weft', rules: rules.map(descriptorOf) } }, results: findings.map(resultOf) },
    ],
  });
}

function descriptorOf({ id, name, title, level, help }: SarifRule): object {
  return {
    id,
    ...(name === undefined ? {} : { name }),
    shortDescription: { text: title },
    ...(help === undefined ? {} : { help: { text: help, markdown: help } }),
    defaultConfiguration: { level },
  };
}

function resultOf({ ruleId, level, message, place }: SarifFinding): object {
  const result = { ruleId, level, message: { text: message } };
  if (place === undefined) return result;
  const { file, line } = place;
  const physicalLocation = {
    artifactLocation: { uri: encodeURI(file) },
    region: { startLine: line },
  };
  return { ...result, locations: [{ physicalLocation }] };
}
