import { mastersGroup } from '../identity/user.ts';
import type { Store } from '../store/port.ts';
import { createNodeAuthorizer } from './node-authorizer.ts';
import type { Authorizer } from './port.ts';
import { createRbac } from './rbac.ts';

/** Who decides: the group of masters may do everything; nodes what concerns them; everybody what RBAC grants. */
export function createAuthorizer(store: Store): Authorizer & { stop(): void } {
  const nodes = createNodeAuthorizer(store);
  const rbac = createRbac(store);
  return {
    decide(attributes) {
      if (attributes.user.groups.includes(mastersGroup)) return { allowed: true, reason: '' };
      const byNode = nodes.decide(attributes);
      if (byNode?.allowed === true) return byNode;
      const byRbac = rbac.decide(attributes);
      return byRbac.allowed || byNode === undefined ? byRbac : byNode;
    },
    rulesFor: (user, namespace) => rbac.rulesFor(user, namespace),
    stop() {
      nodes.stop();
      rbac.stop();
    },
  };
}
