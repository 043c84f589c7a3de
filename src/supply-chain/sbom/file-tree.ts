import { SupplyChainError } from '../error.ts';
import { linkedPath } from './layer-path.ts';

/**
 * The files of an image that matter, and all its symbolic links, as they are after some of its layers. Paths have no
 * slash at their ends. Layers are applied in order; what a whiteout removes is what the layers before had.
 */
export interface FileTree<Found> {
  /** The path by which the file is really known, when directories on the way are links. Throws `UNSAFE_LAYER`. */
  resolve(path: string): string;
  get(path: string): Found | undefined;
  put(path: string, found: Found): void;
  putLink(path: string, target: string): void;
  /** Something that matters no further has taken this place. */
  remove(path: string): void;
  /** A directory is made, or is there already. */
  putDirectory(path: string): void;
  /** Removes what layers before the present one have there. */
  whiteOut(path: string): void;
  /** The same for everything in a directory. */
  whiteOutContent(path: string): void;
  nextLayer(): void;
  /** What is there, by path, in the order of paths. */
  files(): readonly (readonly [path: string, found: Found])[];
}

interface Place<Found> {
  readonly layer: number;
  readonly children: Map<string, Place<Found>>;
  readonly link: string | null;
  readonly found: Found | undefined;
}

/** As many as Linux follows. */
const MOST_LINKS = 40;

export function fileTree<Found>(): FileTree<Found> {
  let layer = 0;
  const root = placeOf({});

  function placeOf(what: Partial<Place<Found>>): Place<Found> {
    return { layer, children: new Map(), link: null, found: undefined, ...what };
  }

  function find(path: string): Place<Found> | undefined {
    if (path === '') return root;
    return path.split('/').reduce<Place<Found> | undefined>((place, name) => place?.children.get(name), root);
  }

  /** The directory that the path is in, made if need be, and its last part. */
  function parentOf(path: string): readonly [Place<Found>, string] {
    const names = path.split('/');
    const last = names.pop() ?? '';
    let place = root;
    for (const name of names) {
      const child = place.children.get(name);
      const isDirectory = child !== undefined && child.found === undefined && child.link === null;
      const next = isDirectory ? child : placeOf({});
      place.children.set(name, next);
      place = next;
    }
    return [place, last];
  }

  function set(path: string, what: Partial<Place<Found>>): void {
    const [parent, name] = parentOf(path);
    parent.children.set(name, placeOf(what));
  }

  function remove(path: string): void {
    const slash = path.lastIndexOf('/');
    find(path.slice(0, Math.max(0, slash)))?.children.delete(path.slice(slash + 1));
  }

  function resolve(path: string, followed = 0): string {
    if (followed > MOST_LINKS) {
      throw new SupplyChainError('UNSAFE_LAYER', `the links at ${path.slice(0, 200)} lead nowhere`);
    }
    const names = path.split('/');
    let place: Place<Found> | undefined = root;
    for (const [index, name] of names.slice(0, -1).entries()) {
      place = place.children.get(name);
      if (place === undefined) return path;
      if (place.link === null) continue;
      const target = linkedPath(names.slice(0, index + 1).join('/'), place.link);
      return resolve([target, ...names.slice(index + 1)].filter(Boolean).join('/'), followed + 1);
    }
    return path;
  }

  /** Leaves only what the present layer has put there. */
  function removeOlder(children: Map<string, Place<Found>>): void {
    for (const [name, child] of children) {
      removeOlder(child.children);
      if (child.layer < layer && child.children.size === 0) children.delete(name);
      else if (child.layer < layer) children.set(name, placeOf({ children: child.children }));
    }
  }

  return {
    resolve: (path) => resolve(path),
    get: (path) => find(path)?.found,
    put: (path, found) => set(path, { found }),
    putLink: (path, target) => set(path, { link: target }),
    remove,
    putDirectory(path) {
      const place = find(path);
      if (place !== undefined && (place.found !== undefined || place.link !== null)) remove(path);
    },
    whiteOut(path) {
      const place = find(path);
      if (place === undefined || path === '') return;
      removeOlder(place.children);
      if (place.layer < layer && place.children.size === 0) remove(path);
    },
    whiteOutContent(path) {
      const place = find(path);
      if (place !== undefined) removeOlder(place.children);
    },
    nextLayer() {
      layer += 1;
    },
    files: () => listed(root, '').toSorted(([a], [b]) => (a < b ? -1 : 1)),
  };
}

function listed<Found>(place: Place<Found>, path: string): (readonly [string, Found])[] {
  const below = [...place.children].flatMap(([name, child]) =>
    listed(child, path === '' ? name : `${path}/${name}`),
  );
  return place.found === undefined ? below : [[path, place.found], ...below];
}
