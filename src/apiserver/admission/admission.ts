import { applyDefaults } from '../../api/defaults/apply.ts';
import { resources, type Resource } from '../../api/resources.ts';
import { validateObject } from '../../api/validate/validate.ts';
import type { Clock } from '../../lib/clock.ts';
import { addedRanges, bornServiceCidr } from '../addresses/service-cidr.ts';
import { customKindOf, type CustomKind } from '../catalog/custom-kind.ts';
import { admitDefinition } from '../custom/admit-definition.ts';
import { textAt, type StoredObject } from '../json.ts';
import { invalid } from '../status.ts';
import type { Store } from '../store/port.ts';
import { timestampAt } from '../timestamp.ts';
import { requireUnchanged } from './immutable.ts';
import { requireNamespace } from './namespace.ts';
import type { Admission } from './port.ts';
import { prune } from './prune.ts';
import { createServiceIndex } from './service-index.ts';
import { admitService } from './service.ts';
import { prepareService } from './service-update.ts';

export interface AdmissionOptions {
  /** One that keeps IPAddresses (`keepAddresses`). */
  readonly store: Store;
  readonly clock: Clock;
  /** Range of Service addresses where no ClusterNetwork names one; two, comma-separated, for dual-stack. */
  readonly serviceCidr: string;
}

/** The rules of this cluster, over the objects that are stored. */
export function createAdmission({ store, clock, serviceCidr }: AdmissionOptions): Admission {
  const index = createServiceIndex(store);
  const cidrs = (): string[] => {
    const network = store.get('clusternetworks.weft.dev', 'default')?.object;
    const own = textAt(network, ['spec', 'serviceCIDR']) || serviceCidr;
    return [...own.split(','), ...addedRanges(store)];
  };
  return {
    admit(resource: Resource, object, previous) {
      if (previous === undefined) requireNamespace(store, resource, object);
      const custom = customKindOf(resource);
      if (custom !== undefined) return admitCustom(custom, { resource, object, previous });
      const prepared = resource === resources.services ? prepareService(object, previous) : object;
      requireValid(resource, prepared);
      if (resource === resources.customresourcedefinitions)
        return admitDefinition(resource, prepared, previous);
      const defaulted = applyDefaults(prepared);
      if (resource === resources.services)
        return admitService({ index, cidrs: cidrs() }, defaulted, previous);
      if (previous !== undefined) requireUnchanged(resource, defaulted, previous);
      else if (resource === resources.servicecidrs) return bornServiceCidr(defaulted, timestampAt(clock));
      return defaulted;
    },
    prune: (resource, object) => customKindOf(resource)?.prune(object) ?? prune(object),
  };
}

/** What every object has is checked as everywhere, the rest by the kind's own schema. */
function admitCustom(
  custom: CustomKind,
  {
    resource,
    object,
    previous,
  }: { resource: Resource; object: StoredObject; previous: StoredObject | undefined },
): StoredObject {
  requireValid(resource, object);
  return custom.admit(object, previous);
}

function requireValid(resource: Resource, object: StoredObject): void {
  const problems = validateObject(object);
  if (problems.length === 0) return;
  const causes = problems.map(({ path, reason, message }) => ({ reason, message, field: path }));
  throw invalid(resource, object.metadata.name, causes);
}
