import { textAt } from '../json.ts';
import { badRequest } from '../status.ts';
import type { Question, ReviewContext } from './port.ts';

/** What may I do in this namespace? */
export function reviewOwnRules({ user, authorizer }: ReviewContext, { spec }: Question): object {
  const namespace = textAt(spec, ['namespace']);
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = authorizer.rulesFor(user, namespace);
  return {
    resourceRules: rules
      .filter(({ resources }) => resources !== undefined)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames !== undefined && { resourceNames }),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs !== undefined)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}
