import { isPathAttributes, type Attributes, type PolicyRule } from './port.ts';
import { pathMatches } from './rule.ts';

/** Some rules that hold together, and the binding that brought them, in words. */
export interface Source {
  readonly rules: readonly PolicyRule[];
  readonly reason: string;
}

/** What one subject may do in one place, looked up instead of searched. */
export interface Grants {
  /** The reason of the first source that allows it; undefined where none does. */
  allows(request: Request): string | undefined;
}

/** What is asked for, with the words it is found under: made once, for all subjects that a user is. */
export interface Request {
  readonly words: readonly string[];
  readonly attributes: Attributes;
}

interface Grant {
  readonly order: number;
  readonly reason: string;
  /** Undefined: whatever its name. */
  readonly names: ReadonlySet<string> | undefined;
}

interface PathGrant {
  readonly order: number;
  readonly reason: string;
  readonly verb: string;
  readonly path: string;
}

/** Every rule falls apart into words `VERB GROUP RESOURCE`, so that a decision does not depend on how many there are. */
export function createGrants(sources: readonly Source[]): Grants {
  const byWord = new Map<string, Grant[]>();
  const paths: PathGrant[] = [];
  for (const [order, { rules, reason }] of sources.entries()) {
    for (const rule of rules) {
      const names = rule.resourceNames === undefined ? undefined : new Set(rule.resourceNames);
      for (const word of wordsOfRule(rule)) add(byWord, word, { order, reason, names });
      for (const path of rule.nonResourceURLs ?? []) {
        for (const verb of rule.verbs) paths.push({ order, reason, verb, path });
      }
    }
  }
  return {
    allows({ words, attributes }) {
      if (isPathAttributes(attributes)) return pathReason(paths, attributes);
      let best: Grant | undefined;
      for (const word of words) {
        const grant = byWord.get(word)?.find(({ names }) => names?.has(attributes.name) ?? true);
        if (grant !== undefined && (best === undefined || grant.order < best.order)) best = grant;
      }
      return best?.reason;
    },
  };
}

/** A grant for whatever name makes all that come after it needless. */
function add(byWord: Map<string, Grant[]>, word: string, grant: Grant): void {
  const known = byWord.get(word);
  if (known === undefined) byWord.set(word, [grant]);
  else if (known.at(-1)?.names !== undefined) known.push(grant);
}

function pathReason(
  paths: readonly PathGrant[],
  { verb, path }: { readonly verb: string; readonly path: string },
): string | undefined {
  return paths.find((it) => (it.verb === '*' || it.verb === verb) && pathMatches(it.path, path))?.reason;
}

function* wordsOfRule({ verbs, apiGroups = [], resources = [] }: PolicyRule): Iterable<string> {
  for (const verb of verbs) {
    for (const group of apiGroups) for (const resource of resources) yield `${verb} ${group} ${resource}`;
  }
}

/** The words that a request may be allowed by, the wildcards among them. */
export function requestOf(attributes: Attributes): Request {
  if (isPathAttributes(attributes)) return { words: [], attributes };
  const { verb, group, resource, subresource } = attributes;
  const resources =
    subresource === '' ? [resource, '*'] : [`${resource}/${subresource}`, `*/${subresource}`, '*'];
  const words = [verb, '*'].flatMap((v) =>
    [group, '*'].flatMap((g) => resources.map((r) => `${v} ${g} ${r}`)),
  );
  return { words, attributes };
}
