import type { ApiRequest } from './http/messages.ts';
import { isHarmless } from './json.ts';
import { badRequest, unsupportedMediaType } from './status.ts';

/** Nesting deeper than any object of the API; parsers further on recurse. */
const depthLimit = 100;

/** JSON and YAML, and the patches that are written in them. */
const readableTypes = /^application\/([\w.-]+\+)?(json|yaml)$/;

const acceptedTypes = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The media type of the body, without parameters, in lower case. */
export function mediaTypeOf(request: ApiRequest): string {
  return (request.headers['content-type'] ?? 'application/json').split(';', 1).join('').trim().toLowerCase();
}

/** Parses the body as JSON, or as YAML or protobuf where it says so; throws 400 for anything else. */
export async function parseBody(request: ApiRequest): Promise<unknown> {
  const type = mediaTypeOf(request);
  if (type === 'application/vnd.kubernetes.protobuf') {
    const { decodeObject } = await import('./protobuf/decode.ts');
    return decodeObject(request.body);
  }
  if (!readableTypes.test(type)) throw unsupportedMediaType(acceptedTypes);
  const text = textOf(request);
  const parsed = type.endsWith('yaml') ? await parseYaml(text) : parseJson(text);
  if (!isHarmless(parsed, depthLimit))
    throw badRequest(`the body nests deeper than ${depthLimit} levels, or has a field __proto__`);
  return parsed;
}

function textOf(request: ApiRequest): string {
  try {
    return decoder.decode(request.body);
  } catch {
    throw badRequest('the body is not UTF-8');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('the body is not valid JSON');
  }
}

async function parseYaml(text: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(text, { maxAliasCount: 100, logLevel: 'error' });
  } catch {
    throw badRequest('the body is not valid YAML');
  }
}
