export { servedResources } from '../api/served.ts';
