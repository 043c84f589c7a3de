import { randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { open, rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../../clock/clock.ts';
import type { Instant } from '../../../core/time.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Content } from '../../oci/repository.ts';
import { Refused } from './answer.ts';
import { tooLarge } from './body.ts';

/** Blobs on their way in: one file each, until they are whole. */
export interface Uploads {
  /** Begins one; returns its id. */
  begin(repository: string): Promise<string>;
  /** Bytes so far. */
  size(repository: string, id: string): number;
  /** Adds to it; `start` is where the sender believes to be. Returns the bytes so far. */
  append(repository: string, id: string, part: Part): Promise<number>;
  /** What has come in, to be stored. */
  content(repository: string, id: string, digest: Digest): Content;
  /** Forgets it. */
  drop(repository: string, id: string): Promise<void>;
  /** Forgets all. */
  close(): void;
}

export interface Part {
  readonly source: AsyncIterable<Uint8Array>;
  readonly start: number | null;
}

export interface UploadLimits {
  /** Bytes of a blob. */
  readonly largestBlob: number;
  readonly mostUploads: number;
}

interface Upload {
  readonly repository: string;
  readonly file: string;
  readonly size: number;
  readonly lastUsed: Instant;
  readonly isBusy: boolean;
}

/** One that nobody added to for so long is given up. */
const FORGOTTEN_AFTER = 3_600_000;

/** Keeps them in a directory of its own, which is emptied at the start and at the end. */
export function uploadsIn(directory: string, limits: UploadLimits, clock: Clock): Uploads {
  const uploads = new Map<string, Upload>();
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });

  function find(repository: string, id: string): Upload {
    const upload = uploads.get(id);
    if (upload?.repository === repository) return upload;
    throw new Refused(404, 'BLOB_UPLOAD_UNKNOWN', 'there is no such upload: begin a new one');
  }

  async function forgetOld(): Promise<void> {
    const before = clock.now() - FORGOTTEN_AFTER;
    for (const [id, { lastUsed, isBusy, repository }] of uploads) {
      if (lastUsed < before && !isBusy) await drop(repository, id);
    }
  }

  async function drop(repository: string, id: string): Promise<void> {
    const { file } = find(repository, id);
    uploads.delete(id);
    await rm(file, { force: true });
  }

  return {
    async begin(repository) {
      await forgetOld();
      if (uploads.size >= limits.mostUploads) {
        throw new Refused(429, 'TOOMANYREQUESTS', `there are ${uploads.size} uploads already`);
      }
      const id = randomUUID();
      const file = path.join(directory, id);
      uploads.set(id, { repository, file, size: 0, lastUsed: clock.now(), isBusy: false });
      await (await open(file, 'wx', 0o600)).close();
      return id;
    },
    size: (repository, id) => find(repository, id).size,
    async append(repository, id, { source, start }) {
      const upload = find(repository, id);
      if (upload.isBusy) throw new Refused(409, 'BLOB_UPLOAD_INVALID', 'somebody is adding to it');
      if (start !== null && start !== upload.size) {
        throw new Refused(416, 'BLOB_UPLOAD_INVALID', `there are ${upload.size} bytes so far`);
      }
      uploads.set(id, { ...upload, isBusy: true });
      let { size } = upload;
      try {
        size = await appendTo(upload, source, limits.largestBlob);
      } finally {
        if (uploads.has(id)) uploads.set(id, { ...upload, size, lastUsed: clock.now() });
      }
      return size;
    },
    content(repository, id, digest) {
      const { file, size } = find(repository, id);
      return { digest, size, open: () => createReadStream(file) };
    },
    drop,
    close: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** All of it or nothing: a part that breaks off leaves the file as it was. */
async function appendTo(
  { file, size: before }: Upload,
  source: AsyncIterable<Uint8Array>,
  most: number,
): Promise<number> {
  const handle = await open(file, 'a');
  let size = before;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > most) throw tooLarge(most);
      await handle.writeFile(chunk);
    }
    return size;
  } catch (error) {
    await truncate(file, before);
    throw error;
  } finally {
    await handle.close();
  }
}
