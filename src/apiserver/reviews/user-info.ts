import type { User } from '../identity/user.ts';

/** authentication.k8s.io/v1 UserInfo. */
export function userInfo({ name, uid, groups, extra }: User): object {
  return {
    username: name,
    ...(uid !== undefined && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(extra !== undefined && { extra }),
  };
}
