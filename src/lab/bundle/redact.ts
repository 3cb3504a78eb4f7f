import type { KnownSecrets } from './known-secrets.ts';
import { isSecretName, removed, withoutPatterns } from './secret-patterns.ts';

/**
 * An API object without its secrets, which are learned: of Secrets and ConfigMaps every value; of anything else what
 * stands behind a name that says so (environment variables, arguments, annotations), copies of manifests in
 * annotations, and what looks like a secret by itself.
 */
export function redactObject(object: object, secrets: KnownSecrets): unknown {
  return redact(object, { secrets, isSecret: 'kind' in object && object.kind === 'Secret' });
}

/** Adds every word that a cluster shows openly, so that a secret `postgres` does not hide the pod `postgres`. */
export function allowNames(object: object, secrets: KnownSecrets): void {
  const { metadata = {} } = object as { metadata?: Record<string, unknown> };
  const labels = typeof metadata['labels'] === 'object' ? metadata['labels'] : {};
  for (const word of [metadata['name'], metadata['namespace'], ...Object.values(labels ?? {})]) {
    if (typeof word === 'string') secrets.allow(word);
  }
}

interface Context {
  readonly secrets: KnownSecrets;
  /** Inside of a Secret. */
  readonly isSecret: boolean;
}

type Json = Readonly<Record<string, unknown>>;

function redact(value: unknown, context: Context): unknown {
  if (typeof value === 'string') return withoutPatterns(value);
  if (Array.isArray(value)) return value.map((item) => redact(item, context));
  if (typeof value !== 'object' || value === null) return value;
  const { name, value: held } = value as Json;
  // An environment variable, or what is built like one.
  if (typeof name === 'string' && typeof held === 'string' && isSecretName(name)) {
    return { ...(value as Json), value: taken(held, context) };
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, redactField(key, item, context)]),
  );
}

function redactField(key: string, item: unknown, context: Context): unknown {
  if (key === 'args' || key === 'command') return redactArguments(item, context);
  if (key === 'annotations') return redactMap(item, (name, text) => redactAnnotation(name, text, context));
  if (key === 'data' || key === 'stringData' || key === 'binaryData') {
    return redactMap(item, (name, text) => {
      if (context.isSecret && key !== 'stringData') learnBase64(text, context);
      // A ConfigMap's plain words are no secrets to look for elsewhere; that it is none is known by its name alone.
      if (!context.isSecret && !isSecretName(name)) return removed;
      return taken(text, context);
    });
  }
  return redact(item, context);
}

function redactMap(value: unknown, each: (name: string, text: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [
      name,
      each(name, typeof text === 'string' ? text : JSON.stringify(text)),
    ]),
  );
}

/** Manifests are kept in annotations by those who apply them: they hold what the object holds. */
function redactAnnotation(name: string, text: string, context: Context): string {
  const copy = jsonIn(text);
  if (copy !== undefined) {
    redact(copy, context);
    return removed;
  }
  return isSecretName(name) ? taken(text, context) : withoutPatterns(text);
}

function jsonIn(text: string): object | undefined {
  try {
    const value: unknown = text.trimStart().startsWith('{') ? JSON.parse(text) : undefined;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `--password=x`, `--password x`, `PASSWORD=x`. */
function redactArguments(value: unknown, context: Context): unknown {
  if (!Array.isArray(value)) return redact(value, context);
  let isNext = false;
  return value.map((item: unknown) => {
    if (typeof item !== 'string') return redact(item, context);
    const wasNext = isNext && !item.startsWith('-');
    const [, flag = '', held] = /^(-{0,2}[\w.-]+)=([\s\S]+)$/.exec(item) ?? [];
    isNext = held === undefined && /^--?[\w.-]+$/.test(item) && isSecretName(item);
    if (wasNext) return taken(item, context);
    if (held !== undefined && isSecretName(flag)) return `${flag}=${taken(held, context)}`;
    return withoutPatterns(item);
  });
}

function taken(text: string, { secrets }: Context): string {
  secrets.add(text);
  return removed;
}

function learnBase64(text: string, { secrets }: Context): void {
  secrets.add(Buffer.from(text, 'base64').toString('utf8'));
}
