/**
 * Timers driven by the event loop, never by the host.
 *
 * @module
 */

/**
 * A timer that its owner arms and disarms many times.
 *
 * Re-arming it later or disarming it costs two field writes: the queue finds out when the old time comes.
 */
export class Timer {
  /** When it fires, in the clock's milliseconds; infinity while disarmed. */
  deadline: number = Infinity;
  /** What it does; called with the time of the turn. */
  readonly fire: (now: number) => void;
  /** Where it stands in the queue; -1 while out of it. Only the queue writes it. */
  place: number = -1;
  /** The time it is queued under. Only the queue writes it. */
  queued: number = Infinity;

  /**
   * Makes a disarmed timer.
   *
   * @param fire What to do when it fires.
   */
  constructor(fire: (now: number) => void) {
    this.fire = fire;
  }

  /** Whether it is armed. */
  get armed(): boolean {
    return this.deadline !== Infinity;
  }

  /**
   * Makes a queue, for the first timer of a stack: an app without timers carries none.
   *
   * @returns An empty queue.
   */
  makeQueue(): Timers {
    return new Timers();
  }
}

/** Where timers are armed. */
export interface TimerQueue {
  /**
   * Arms a timer, or arms it anew.
   *
   * @param timer The timer.
   * @param deadline When it fires, in the clock's milliseconds.
   */
  arm(timer: Timer, deadline: number): void;
  /**
   * Disarms a timer.
   *
   * @param timer The timer.
   */
  disarm(timer: Timer): void;
}

/** Timers in the queue up to which disarmed ones may stay. */
const FEW = 1024;

/** Every timer of one stack: a binary heap in which each timer stands at most once. */
export class Timers implements TimerQueue {
  readonly #heap: Timer[] = [];
  /** Timers in the queue at which the disarmed ones are looked for. */
  #many: number = FEW;

  /** Timers in the queue, disarmed ones that it has not met yet included. */
  get size(): number {
    return this.#heap.length;
  }

  /** When the next timer may be due, in the clock's milliseconds; infinity when none is armed. */
  get next(): number {
    return this.#heap.length > 0 ? this.#heap[0]!.queued : Infinity;
  }

  /**
   * Arms a timer, or arms it anew.
   *
   * @param timer The timer.
   * @param deadline When it fires, in the clock's milliseconds.
   */
  arm(timer: Timer, deadline: number): void {
    timer.deadline = deadline;
    if (timer.place < 0) {
      if (this.#heap.length >= this.#many) this.#sweep();
      timer.queued = deadline;
      timer.place = this.#heap.length;
      this.#heap.push(timer);
      this.#up(timer);
    } else if (deadline < timer.queued) {
      timer.queued = deadline;
      this.#up(timer);
    }
  }

  /**
   * Disarms a timer.
   *
   * @param timer The timer.
   */
  disarm(timer: Timer): void {
    timer.deadline = Infinity;
  }

  /**
   * Fires what is due; a timer that a firing one arms for now or before waits for the next call, so that one call ends.
   *
   * @param now The time, in milliseconds.
   * @returns When the next timer may be due, in milliseconds; infinity when none is armed.
   */
  run(now: number): number {
    const heap = this.#heap;
    let due: Timer[] | null = null;
    while (heap.length > 0) {
      const first = heap[0]!;
      if (first.queued > now) {
        if (first.deadline !== Infinity) break;
        this.#pop();
      } else if (first.deadline > now) {
        if (first.deadline === Infinity) this.#pop();
        else {
          first.queued = first.deadline;
          this.#down(first);
        }
      } else {
        this.#pop();
        (due ??= []).push(first);
      }
    }
    if (due) {
      for (const timer of due) {
        // An earlier one of this round may have disarmed it or armed it anew.
        if (timer.deadline > now) continue;
        timer.deadline = Infinity;
        timer.fire(now);
      }
    }
    return this.next;
  }

  /**
   * Lets go of disarmed timers, and of what they hold on to: short connections end long before the times for which they
   * armed some. The queue doubles from one sweep to the next, so that each timer bears the cost of two at the most.
   */
  #sweep(): void {
    const heap = this.#heap;
    let size = 0;
    for (const timer of heap) {
      timer.place = timer.deadline === Infinity ? -1 : size;
      if (timer.place < 0) continue;
      timer.queued = timer.deadline;
      heap[size++] = timer;
    }
    heap.length = size;
    for (let place = (size >> 1) - 1; place >= 0; place--) this.#down(heap[place]!);
    this.#many = Math.max(FEW, 2 * size);
  }

  #pop(): void {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    first.place = -1;
    if (last === first) return;
    last.place = 0;
    heap[0] = last;
    this.#down(last);
  }

  #up(timer: Timer): void {
    const heap = this.#heap;
    let place = timer.place;
    while (place > 0) {
      const above = place - 1 >> 1;
      const parent = heap[above]!;
      if (parent.queued <= timer.queued) break;
      heap[place] = parent;
      parent.place = place;
      place = above;
    }
    heap[place] = timer;
    timer.place = place;
  }

  #down(timer: Timer): void {
    const heap = this.#heap;
    const size = heap.length;
    let place = timer.place;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= size) break;
      if (below + 1 < size && heap[below + 1]!.queued < heap[below]!.queued) below++;
      const child = heap[below]!;
      if (child.queued >= timer.queued) break;
      heap[place] = child;
      child.place = place;
      place = below;
    }
    heap[place] = timer;
    timer.place = place;
  }
}
