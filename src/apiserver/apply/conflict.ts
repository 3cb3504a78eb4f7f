import type { StatusCause } from '../status.ts';
import { StatusError } from '../status.ts';
import type { Conflict } from './apply.ts';
import { pathText } from './elements.ts';
import { pathsOf } from './field-set.ts';
import type { Manager } from './managers.ts';

interface OneField {
  readonly manager: string;
  readonly path: string;
}

/** 409 with a cause for each field and manager, in upstream's words, which tools parse. */
export function applyConflict(conflicts: readonly Conflict[]): StatusError {
  const fields = conflicts.flatMap(({ manager, fields: set }) =>
    Array.from(pathsOf(set), (path): OneField => ({ manager: managerText(manager), path: pathText(path) })),
  );
  const causes: StatusCause[] = fields.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field: path,
  }));
  return new StatusError(409, 'Conflict', messageOf(fields), { causes });
}

function messageOf(fields: readonly OneField[]): string {
  const [only] = fields;
  if (fields.length === 1 && only !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${only.manager}: ${only.path}`;
  }
  const lines = Array.from(
    Map.groupBy(fields, ({ manager }) => manager),
    ([manager, of]) => [`conflicts with ${manager}:`, ...of.map(({ path }) => `- ${path}`)].join('\n'),
  );
  return `Apply failed with ${fields.length} conflicts: ${lines.join('\n')}`;
}

function managerText({ manager, operation, apiVersion, subresource }: Manager): string {
  const through = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(manager)}${through}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}
