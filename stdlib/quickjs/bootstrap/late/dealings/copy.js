// biome-ignore-all lint/style: one body in several files; template strings would call the guest's String.prototype.concat
// biome-ignore-all lint/correctness: names are used in the other files
// Late: what a guest with timers does that learns that it is a copy (FORKED of abi.ts).

const sort = uncurry(raw.sort);

/** In a copy no sleep of the original ends: every timer sleeps anew for what is left, the first due first. */
function rearmTimers() {
  const left = [];
  mapForEach(tasks, (task) => append(left, task));
  sort(left, (a, b) => a.due - b.due || a.id - b.id);
  for (let i = 0; i < left.length; i++) {
    try {
      arm(left[i], max(left[i].due - timeOr(left[i].due), 0));
    } catch {
      mapDelete(tasks, left[i].id);
    }
  }
}
