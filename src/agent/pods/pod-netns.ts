/** Pin's name of the namespace of a pod with this uid. */
export function podNetns(uid: string): string {
  return `pod-${uid}`;
}
