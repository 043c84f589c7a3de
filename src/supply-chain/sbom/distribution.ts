/** The Linux distribution that an image is made from. */
export interface Distribution {
  /** `debian`, `alpine`, … */
  readonly id: string;
  /** `12`, `3.20.3`; null for those without, such as Debian's testing. */
  readonly version: string | null;
}

/** Reads os-release (freedesktop.org, os-release(5)). Null if it does not say which distribution it is. */
export function parseDistribution(text: string): Distribution | null {
  const id = valueOf(text, 'ID');
  return id === null ? null : { id, version: valueOf(text, 'VERSION_ID') };
}

function valueOf(text: string, name: string): string | null {
  const line = text.split('\n').find((each) => each.startsWith(`${name}=`));
  const value = line
    ?.slice(name.length + 1)
    .trim()
    .replaceAll(/^["']|["']$/g, '');
  return value !== undefined && /^[a-z0-9][a-zA-Z0-9._-]{0,63}$/.test(value) ? value : null;
}
