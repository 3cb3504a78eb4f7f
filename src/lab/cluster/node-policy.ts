import type { KubernetesObject } from '../../api/types/meta.ts';
import { accountName, accountsNamespace, nodeRole } from './accounts.ts';

const apiVersion = 'admissionregistration.k8s.io/v1';

/**
 * What RBAC cannot say: the account of a node writes about the pods of that node alone.
 */
export function nodePolicyObjects(lab: string): KubernetesObject[] {
  const name = accountName(lab, 'nodes');
  // Names of labs are letters, digits and dashes.
  const prefix = `'system:serviceaccount:${accountsNamespace}:${accountName(lab, nodeRole(''))}'`;
  const nodeOfPod = "(has(oldObject.spec.nodeName) ? oldObject.spec.nodeName : '')";
  const policy = {
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            resources: ['pods', 'pods/status'],
            operations: ['UPDATE', 'DELETE'],
          },
        ],
      },
      matchConditions: [{ name: 'by-a-node', expression: `request.userInfo.username.startsWith(${prefix})` }],
      validations: [
        {
          expression: `request.userInfo.username == ${prefix} + ${nodeOfPod}`,
          message: 'a node writes about its own pods only',
          reason: 'Forbidden',
        },
      ],
    },
  };
  const binding = {
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  };
  return [policy, binding];
}
