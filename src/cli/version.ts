import { createRequire } from 'node:module';

/** The version of canary-rollout. What is built lies as deep as its source. */
export function toolVersion(): string {
  const packageJson: unknown = createRequire(import.meta.url)('../../package.json');
  const hasVersion = typeof packageJson === 'object' && packageJson !== null && 'version' in packageJson;
  return hasVersion ? String(packageJson.version) : 'unknown';
}
