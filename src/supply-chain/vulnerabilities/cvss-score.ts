import cvss from 'ae-cvss-calculator';

/** The base metrics of one version of CVSS, and the values that they may have. */
type Metrics = Readonly<Record<string, string>>;

const V2: Metrics = { AV: 'LAN', AC: 'HML', Au: 'MSN', C: 'NPC', I: 'NPC', A: 'NPC' };
const V3: Metrics = { AV: 'NALP', AC: 'LH', PR: 'NLH', UI: 'NR', S: 'UC', C: 'NLH', I: 'NLH', A: 'NLH' };
const V4_EXPLOIT: Metrics = { AV: 'NALP', AC: 'LH', AT: 'NP', PR: 'NLH', UI: 'NPA' };
const V4_IMPACT: Metrics = { VC: 'HLN', VI: 'HLN', VA: 'HLN', SC: 'HLN', SI: 'HLN', SA: 'HLN' };
const V4: Metrics = { ...V4_EXPLOIT, ...V4_IMPACT };

const LONGEST = 400;

/**
 * The base score of a vector of CVSS 2.0, 3.0, 3.1 or 4.0 (https://www.first.org/cvss/): 0 to 10. What is said about the
 * present time or a certain environment is left out, as it could only make less of it. Null for what is no vector, or does
 * not give every base metric exactly once.
 */
export function cvssScore(vector: string): number | null {
  if (vector.length > LONGEST) return null;
  const prefix = /^CVSS:(?:3\.0|3\.1|4\.0)\//.exec(vector)?.[0] ?? '';
  const base = baseOf(vector.slice(prefix.length), metricsOf(prefix));
  return base === null ? null : scoreOf(prefix, prefix + base);
}

function metricsOf(prefix: string): Metrics {
  if (prefix === '') return V2;
  return prefix === 'CVSS:4.0/' ? V4 : V3;
}

/** The vector without all but its base metrics. */
function baseOf(vector: string, metrics: Metrics): string | null {
  const parts = vector.split('/').filter((part) => Object.hasOwn(metrics, part.split(':')[0] ?? ''));
  const isWell = Object.entries(metrics).every(([name, values]) => {
    const [only, ...more] = parts.filter((part) => part.startsWith(`${name}:`));
    const value = only?.slice(name.length + 1) ?? '';
    return more.length === 0 && value.length === 1 && values.includes(value);
  });
  return isWell ? parts.join('/') : null;
}

function scoreOf(prefix: string, vector: string): number {
  switch (prefix) {
    case 'CVSS:4.0/':
      return new cvss.Cvss4P0(vector).calculateScores().overall;
    case 'CVSS:3.1/':
      return new cvss.Cvss3P1(vector).calculateScores().overall;
    case 'CVSS:3.0/':
      return new cvss.Cvss3P0(vector).calculateScores().overall;
    default:
      return new cvss.Cvss2(vector).calculateScores().overall;
  }
}
