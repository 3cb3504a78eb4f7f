/** Says which process of the lab answers for a pod; without it the stand-ins do. */
export const servedByAnnotation = 'weft.dev/served-by';
