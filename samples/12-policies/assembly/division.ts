// Prints the average of each group of numbers. One group is empty, and nobody has thought of that.

@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, vectors: usize, count: i32, written: usize): i32;

/** How many numbers, then the numbers; a negative count ends the list. */
const groups = memory.data<i32>([3, 10, 20, 30, 0, 2, 7, 8, -1]);

const line = memory.data(16);
const vector = memory.data<usize>([0, 0]);
const written = memory.data(4);

function print(value: u32): void {
  let at = line + 15;
  store<u8>(at, 10);
  do {
    at--;
    store<u8>(at, <u8>(48 + (value % 10)));
    value /= 10;
  } while (value > 0);
  store<usize>(vector, at);
  store<usize>(vector, line + 16 - at, 4);
  fd_write(1, vector, 1, written);
}

export function _start(): void {
  let at = groups;
  for (;;) {
    const count = load<i32>(at);
    if (count < 0) return;
    let sum = 0;
    for (let n = 0; n < count; n++) sum += load<i32>(at + 4 + (n << 2));
    print(sum / count);
    at += 4 + (count << 2);
  }
}
