import type { Log } from '../../lib/log.ts';
import type { User } from '../identity/user.ts';
import { anyValue } from './environment.ts';
import { compilePolicy, type CompiledPolicy } from './compile.ts';
import { isOfPolicies } from './admit.ts';
import { errorOf, evaluatePolicy, type Objection, type PolicyVerdict } from './evaluate.ts';
import { matches, namespaceOf, type Cluster } from './match.ts';
import { paramsOf } from './params.ts';
import type { Review } from './port.ts';
import { requestValue } from './request-value.ts';
import { denial } from './denial.ts';
import type { Entry } from '../store/port.ts';
import { bindingsStore, policiesStore, type Policy, type PolicyBinding } from './types.ts';

/** Who asks, and where warnings for them go. */
export interface Asker {
  readonly user: User;
  readonly warn: (message: string) => void;
}

/** Evaluates the ValidatingAdmissionPolicies of the cluster. Throws a StatusError for what one of them denies. */
export function createPolicies(
  cluster: Cluster & { readonly log: Log },
): (review: Review, asker: Asker) => void {
  const known = new WeakMap<object, CompiledPolicy>();
  const compiled = (policy: Policy): CompiledPolicy => {
    let made = known.get(policy);
    if (made === undefined) {
      made = compilePolicy(policy.spec).policy;
      known.set(policy, made);
    }
    return made;
  };
  return (review, asker) => {
    const bindings = cluster.store.list(bindingsStore);
    if (bindings.length === 0 || isOfPolicies(review.resource)) return;
    const denied: Denied[] = [];
    for (const bound of boundTo(review, bindings, cluster)) {
      const { policy, binding } = bound;
      const verdict = verdictOf({ ...bound, program: compiled(policy) }, { review, asker, cluster });
      const { validationActions } = binding.spec;
      for (const objection of verdict.objections) {
        if (objection.isError && policy.spec.failurePolicy === 'Ignore') continue;
        if (validationActions.includes('Deny')) denied.push({ ...bound, objection });
        if (validationActions.includes('Warn')) asker.warn(warningOf(bound, objection));
      }
      audit(cluster.log, bound, verdict);
    }
    const [first] = denied;
    if (first !== undefined) throw denial(review, first);
  };
}

interface Denied extends Bound {
  readonly objection: Objection;
}

/** The policies that a write is of concern to, with the bindings that say so. */
function boundTo(review: Review, bindings: readonly Entry[], cluster: Cluster): Bound[] {
  return bindings.flatMap(({ object }) => {
    const binding = object as PolicyBinding;
    const policy = cluster.store.get(policiesStore, binding.spec.policyName)?.object as Policy | undefined;
    if (policy === undefined || !matches(policy.spec.matchConstraints, review, cluster)) return [];
    return matches(binding.spec.matchResources, review, cluster) ? [{ policy, binding }] : [];
  });
}

interface Bound {
  readonly policy: Policy;
  readonly binding: PolicyBinding;
}

function verdictOf(
  { policy, binding, program }: Bound & { readonly program: CompiledPolicy },
  { review, asker, cluster }: { review: Review; asker: Asker; cluster: Cluster },
): PolicyVerdict {
  const params = paramsOf(policy, binding, { review, cluster });
  if (params.kind === 'problem') return { objections: [errorOf(params.message)], annotations: {} };
  const values = {
    object: anyValue(review.object),
    oldObject: anyValue(review.old),
    request: requestValue(review, asker.user),
    namespaceObject: anyValue(namespaceOf(review, cluster.store)),
  };
  const verdicts = params.objects.map((param) =>
    evaluatePolicy(program, { ...values, params: param === undefined ? undefined : anyValue(param) }),
  );
  return {
    objections: verdicts.flatMap(({ objections }) => objections),
    annotations: Object.assign({}, ...verdicts.map(({ annotations }) => annotations)) as Record<
      string,
      string
    >,
  };
}

function warningOf({ policy, binding }: Bound, { message }: Objection): string {
  const [one, other] = [policy.metadata.name, binding.metadata.name];
  return `Validation failed for ValidatingAdmissionPolicy '${one}' with binding '${other}': ${message}`;
}

/** What a policy notes, and with `Audit` what it objects to, goes to the log. */
function audit(log: Log, { policy, binding }: Bound, { annotations, objections }: PolicyVerdict): void {
  const audited = binding.spec.validationActions.includes('Audit')
    ? objections.map(({ message }) => message)
    : [];
  if (Object.keys(annotations).length + audited.length === 0) return;
  const fields = {
    policy: policy.metadata.name,
    binding: binding.metadata.name,
    annotations,
    objections: audited,
  };
  log.info(fields, 'audit of an admission policy');
}
