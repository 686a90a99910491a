// Which thread runs. A thread is an asynchronous task, and the language does not tell one task from another, so answers
// of calls are handed out in turns: a thread that gets its answer has the turn until its code has gone as far as it can.
//
// A turn ends after TURN microtasks. A thread is told apart exactly as long as it needs fewer between two of its calls
// while another thread is ready too; the price of a wrong guess is a wrong name from getthreadname.

const TURN = 64; // microtasks

export function createTurns(main) {
  let current = main;
  let alive = 1;
  let isBusy = false;
  const ready = [];

  function pass(left) {
    if (left > 0) Promise.resolve(left - 1).then(pass);
    else next();
  }

  function next() {
    const turn = ready.shift();
    isBusy = turn !== undefined;
    if (!isBusy) return;
    current = turn.thread;
    turn.action();
    pass(TURN);
  }

  return {
    current: () => current,
    alive: () => alive,
    begin: () => alive++,
    end: () => --alive,
    /** Runs the action in a turn of the thread. */
    give(thread, action) {
      if (alive === 1 && !isBusy) {
        current = thread;
        action();
        return;
      }
      ready.push({ thread, action });
      if (!isBusy) next();
    },
  };
}
