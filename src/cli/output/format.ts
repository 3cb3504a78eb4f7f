import { WeftError } from '../../lib/errors.ts';

/** The wanted format, if it is one of these. Throws `format-unknown`. */
export function requireFormat<F extends string>(wanted: string, formats: readonly F[]): F {
  const found = formats.find((format) => format === wanted);
  if (found !== undefined) return found;
  throw new WeftError('format-unknown', `-o ${wanted} is not available here`, {
    fault: 'input',
    hint: `use one of ${formats.join(', ')}`,
  });
}

/** JSON for programs and people: two spaces, a newline at the end. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The same data as YAML, by a library that is loaded only for it. */
export async function toYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, { aliasDuplicateObjects: false });
}
