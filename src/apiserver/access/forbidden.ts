import { StatusError } from '../status.ts';
import { isPathAttributes, type Attributes } from './port.ts';

const harmless: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** The 403 for what somebody may not do, in upstream's words. */
export function accessForbidden(attributes: Attributes, reason = ''): StatusError {
  const why = `${said(attributes).replaceAll(/[&<>]/g, (letter) => harmless[letter] ?? letter)}${reason && `: ${reason}`}`;
  if (isPathAttributes(attributes)) return new StatusError(403, 'Forbidden', `forbidden: ${why}`, {});
  const { group, resource, name } = attributes;
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const message = `${qualified}${name === '' ? '' : ` "${name}"`} is forbidden: ${why}`;
  return new StatusError(403, 'Forbidden', message, {
    ...(name !== '' && { name }),
    ...(group !== '' && { group }),
    kind: resource,
  });
}

function said(attributes: Attributes): string {
  const user = JSON.stringify(attributes.user.name);
  if (isPathAttributes(attributes)) {
    return `User ${user} cannot ${attributes.verb} path ${JSON.stringify(attributes.path)}`;
  }
  const { verb, resource, subresource, group, namespace } = attributes;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `User ${user} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}
