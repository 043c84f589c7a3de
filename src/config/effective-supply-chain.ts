import type { Config, Environment } from './config-schema.ts';
import type { SupplyChain } from './supply-chain-schema.ts';

/** The settings for one environment: its own come first, setting by setting; signers add up, by name. */
export function effectiveSupplyChain(
  { supplyChain }: Pick<Config, 'supplyChain'>,
  environment: Pick<Environment, 'supplyChain'>,
): SupplyChain {
  const everywhere = supplyChain === undefined || supplyChain === false ? {} : supplyChain;
  const own =
    environment.supplyChain === undefined || environment.supplyChain === false ? {} : environment.supplyChain;
  const ownNames = (own.trust ?? []).map(({ name }) => name);
  const inherited = (everywhere.trust ?? []).filter(({ name }) => !ownNames.includes(name));
  return {
    ...everywhere,
    ...own,
    trust: [...inherited, ...(own.trust ?? [])],
    require: { ...everywhere.require, ...own.require },
  };
}

/** Whether only signed images may be deployed there, and no commands: when the configuration says anything about them. */
export function isForImagesOnly(
  { supplyChain }: Pick<Config, 'supplyChain'>,
  environment: Pick<Environment, 'supplyChain'>,
): boolean {
  const said = environment.supplyChain ?? supplyChain;
  return said !== undefined && said !== false;
}

/** Whether users depend on it. By its name it always is: `prod`, `prod-eu`, `eu-production-2`. */
export function isProduction({ name, production }: Pick<Environment, 'name' | 'production'>): boolean {
  return production || name.split('-').some((part) => part === 'prod' || part === 'production');
}

/**
 * The environment in which a release must have been promoted before by this engine's own records; null for none. Where it
 * is not said, that goes for environments that want signed verdicts, or a time of soaking.
 */
export function promotedBefore(config: Config, environment: Environment): string | null {
  if (environment.after !== undefined) return environment.after === false ? null : environment.after;
  const { require } = effectiveSupplyChain(config, environment);
  const wantsVerdicts = isForImagesOnly(config, environment) && require?.verdict !== false;
  return wantsVerdicts || environment.soak > 0 ? environmentBefore(config, environment) : null;
}

/** The environment in which an image must have been promoted before; null for the first one, and where `after` is false. */
export function environmentBefore(
  { environments }: { readonly environments: readonly Pick<Environment, 'name' | 'after'>[] },
  { name, after }: Pick<Environment, 'name' | 'after'>,
): string | null {
  if (after !== undefined) return after === false ? null : after;
  const index = environments.findIndex((environment) => environment.name === name);
  return environments[index - 1]?.name ?? null;
}
