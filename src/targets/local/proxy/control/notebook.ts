import { writeState, type ProxyState } from './state-file.ts';

/** Where the proxy writes down what it must not forget. */
export interface Notebook {
  /** From now on there is something to write. */
  open(): void;
  /** Writes everything down, or throws. */
  save(): void;
  /** Writes everything down, or does so later: a proxy must not fall over because the disk is full. */
  trySave(): void;
  /** Tries again what could not be written. Called often. */
  retry(): void;
}

/** Keeps the record in the file. */
export function keepNotebook(file: string, record: () => ProxyState): Notebook {
  let isOpen = false;
  let isBehind = false;

  function save(): void {
    if (isOpen) writeState(file, record());
    isBehind = false;
  }

  function trySave(): void {
    try {
      save();
    } catch {
      isBehind = true;
    }
  }

  return {
    open() {
      isOpen = true;
    },
    save,
    trySave,
    retry() {
      if (isBehind) trySave();
    },
  };
}
