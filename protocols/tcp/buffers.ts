/**
 * Storage of the send and receive buffers: taken when there is something to hold, given back when there is not, so that
 * an idle connection holds none.
 *
 * @module
 */

/** The smallest storage, in bytes. */
const SMALLEST = 4096;
/** Bytes of idle storage kept for each size. */
const KEPT = 1 << 22;
/** What an empty ring shows: to make an array without bytes costs more than most segments do. */
const NOTHING: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array(0);

/** Storage in sizes that are powers of two. */
export class BufferPool {
  readonly #free: Uint8Array<ArrayBuffer>[][] = [];

  /**
   * Takes storage.
   *
   * @param size Bytes that it must hold.
   * @returns Storage of the next power of two, 4,096 bytes at least; what is in it is not cleared.
   */
  take(size: number): Uint8Array<ArrayBuffer> {
    const order = size <= SMALLEST ? 12 : 32 - Math.clz32(size - 1);
    return this.#free[order]?.pop() ?? new Uint8Array(2 ** order);
  }

  /**
   * Gives storage back.
   *
   * @param storage The storage; the caller lets go of it.
   */
  give(storage: Uint8Array<ArrayBuffer>): void {
    const order = 31 - Math.clz32(storage.length);
    const free = this.#free[order] ??= [];
    if (free.length * storage.length < KEPT) free.push(storage);
  }
}

/** A ring of bytes that grows up to a limit. */
export class Ring {
  /** Bytes in it, from its head on. */
  size: number = 0;
  /** Bytes that it may hold. */
  readonly limit: number;
  readonly #pool: BufferPool;
  #storage: Uint8Array<ArrayBuffer> | null = null;
  #head: number = 0;

  /**
   * Makes an empty ring, which holds no storage.
   *
   * @param pool Where storage comes from.
   * @param limit Bytes that it may hold.
   */
  constructor(pool: BufferPool, limit: number) {
    this.#pool = pool;
    this.limit = limit;
  }

  /**
   * Writes bytes, at any place of what the ring may hold; `size` is left as it is.
   *
   * @param offset Where, in bytes from the head; with the bytes, at most `limit`.
   * @param bytes Where from.
   * @param start First byte.
   * @param end One past the last byte.
   */
  put(offset: number, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    let storage = this.#storage;
    if (storage === null || storage.length < offset + length) storage = this.#grow(offset + length);
    const at = this.#head + offset & storage.length - 1;
    const first = Math.min(length, storage.length - at);
    copy(storage, at, bytes, start, start + first);
    if (first < length) copy(storage, 0, bytes, start + first, end);
  }

  /**
   * Copies bytes out.
   *
   * @param offset Where from, in bytes from the head.
   * @param target Where to.
   * @param at The first byte there.
   * @param length How many.
   */
  get(offset: number, target: Uint8Array, at: number, length: number): void {
    const storage = this.#storage;
    if (storage === null) return;
    const from = this.#head + offset & storage.length - 1;
    const first = Math.min(length, storage.length - from);
    copy(target, at, storage, from, from + first);
    if (first < length) copy(target, at + first, storage, 0, length - first);
  }

  /**
   * Shows the first run of bytes in memory.
   *
   * @returns The bytes, lent until the ring changes.
   */
  peek(): Uint8Array<ArrayBuffer> {
    const storage = this.#storage;
    if (storage === null) return NOTHING;
    return storage.subarray(this.#head, Math.min(this.#head + this.size, storage.length));
  }

  /** Whether bytes lie beyond `size`, so that the storage must stay. */
  get holds(): boolean {
    return false;
  }

  /**
   * Drops bytes from the head on.
   *
   * @param length How many, at most `size`.
   */
  drop(length: number): void {
    this.size -= length;
    if (this.size === 0 && !this.holds) this.clear();
    else if (this.#storage) this.#head = this.#head + length & this.#storage.length - 1;
  }

  /** Drops everything, and gives the storage back. */
  clear(): void {
    this.size = 0;
    this.#head = 0;
    if (this.#storage) {
      this.#pool.give(this.#storage);
      this.#storage = null;
    }
  }

  #grow(size: number): Uint8Array<ArrayBuffer> {
    const storage = this.#pool.take(size);
    const old = this.#storage;
    if (old) {
      storage.set(old.subarray(this.#head));
      storage.set(old.subarray(0, this.#head), old.length - this.#head);
      this.#pool.give(old);
    }
    this.#head = 0;
    return this.#storage = storage;
  }
}

/** Below this many bytes a loop is faster than making a view to copy from. */
const FEW = 32;

function copy(target: Uint8Array, at: number, bytes: Uint8Array, start: number, end: number): void {
  if (end - start <= FEW) {
    while (start < end) target[at++] = bytes[start++]!;
  } else if (start === 0 && end === bytes.length) target.set(bytes, at);
  else target.set(bytes.subarray(start, end), at);
}
