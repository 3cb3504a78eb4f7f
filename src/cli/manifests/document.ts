/** One YAML or JSON document of a file. */
export interface ManifestDocument {
  readonly value: unknown;
  /** Where it starts: the line of its first entry, from 1. */
  readonly line: number;
  /** Line of what these steps lead to: a key or an index each; of the nearest thing above it that exists. */
  lineOf(steps: readonly string[]): number;
}
