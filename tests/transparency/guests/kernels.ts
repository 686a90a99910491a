// AssemblyScript: small programs of the kinds that people run, each a function of one number.
export function fib(n: i32): i32 {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

export function sieve(n: i32): i32 {
  const composite = new Uint8Array(n + 1);
  let count = 0;
  for (let i = 2; i <= n; i++) {
    if (composite[i]) continue;
    count++;
    for (let j = i * 2; j <= n; j += i) composite[j] = 1;
  }
  return count;
}

export function matmul(n: i32): f64 {
  const a = new Float64Array(n * n);
  const b = new Float64Array(n * n);
  const c = new Float64Array(n * n);
  for (let i = 0; i < n * n; i++) {
    a[i] = <f64>i / 7.0;
    b[i] = <f64>(i % 13) - 6.5;
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0.0;
      for (let k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      c[i * n + j] = sum;
    }
  }
  let total = 0.0;
  for (let i = 0; i < n * n; i++) total += c[i];
  return total;
}

function rotate(x: u32, by: u32): u32 {
  return (x >>> by) | (x << (32 - by));
}

/** The compression of SHA-256 with made-up constants, over a message of n words. */
export function digest(n: i32): u32 {
  const k = new StaticArray<u32>(64);
  const w = new StaticArray<u32>(64);
  const h = new StaticArray<u32>(8);
  for (let i = 0; i < 64; i++) k[i] = (<u32>i + 1) * 0x9e3779b9;
  for (let i = 0; i < 8; i++) h[i] = (<u32>i + 3) * 0x85ebca6b;
  for (let block = 0; block < n; block += 16) {
    for (let i = 0; i < 16; i++) w[i] = <u32>(block + i) * 0xc2b2ae35;
    for (let i = 16; i < 64; i++) {
      const s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      const s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], z = h[7];
    for (let i = 0; i < 64; i++) {
      const t1 = z + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
      const t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      z = g; g = f; f = e; e = d + t1; d = c; c = b; b = a; a = t1 + t2;
    }
    h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += z;
  }
  return h[0] ^ h[3] ^ h[7];
}

class Body {
  x: f64 = 0;
  y: f64 = 0;
  vx: f64 = 0;
  vy: f64 = 0;
  mass: f64 = 1;
}

export function nbody(steps: i32): f64 {
  const bodies = new Array<Body>();
  for (let i = 0; i < 5; i++) {
    const body = new Body();
    body.x = <f64>i * 1.7 - 3;
    body.y = <f64>(i * i) * 0.3;
    body.mass = 1.0 + <f64>i;
    bodies.push(body);
  }
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < 5; i++) {
      for (let j = i + 1; j < 5; j++) {
        const a = bodies[i], b = bodies[j];
        const dx = a.x - b.x, dy = a.y - b.y;
        const d2 = dx * dx + dy * dy + 0.01;
        const force = 0.001 / (d2 * Math.sqrt(d2));
        a.vx -= dx * b.mass * force;
        a.vy -= dy * b.mass * force;
        b.vx += dx * a.mass * force;
        b.vy += dy * a.mass * force;
      }
    }
    for (let i = 0; i < 5; i++) {
      const body = bodies[i];
      body.x += body.vx;
      body.y += body.vy;
    }
  }
  return bodies[0].x + bodies[4].y;
}

function sort(values: Int32Array, from: i32, to: i32): void {
  if (to - from < 2) return;
  const pivot = values[(from + to) >> 1];
  let i = from, j = to - 1;
  while (i <= j) {
    while (values[i] < pivot) i++;
    while (values[j] > pivot) j--;
    if (i <= j) {
      const swap = values[i];
      values[i++] = values[j];
      values[j--] = swap;
    }
  }
  sort(values, from, j + 1);
  sort(values, i, to);
}

export function qsort(n: i32): i32 {
  const values = new Int32Array(n);
  let state: u32 = 12345;
  for (let i = 0; i < n; i++) {
    state = state * 1664525 + 1013904223;
    values[i] = <i32>state;
  }
  sort(values, 0, n);
  let check = 0;
  for (let i = 1; i < n; i++) {
    if (values[i - 1] > values[i]) return -1;
    check = check * 31 + values[i];
  }
  return check;
}

interface Shape {
  area(): f64;
}
class Square implements Shape {
  constructor(public side: f64) {}
  area(): f64 {
    return this.side * this.side;
  }
}
class Circle implements Shape {
  constructor(public radius: f64) {}
  area(): f64 {
    return this.radius * this.radius * Math.PI;
  }
}

/** Strings, maps, closures by tables and virtual calls: what compilers make of objects. */
export function objects(n: i32): f64 {
  const counts = new Map<string, i32>();
  const shapes = new Array<Shape>();
  for (let i = 0; i < n; i++) {
    const key = "k" + (i % 37).toString();
    counts.set(key, counts.has(key) ? counts.get(key) + 1 : 1);
    if (i % 2 === 0) shapes.push(new Square(<f64>i));
    else shapes.push(new Circle(<f64>i));
  }
  const areas = shapes.map<f64>((shape) => shape.area());
  let total = 0.0;
  for (let i = 0; i < areas.length; i++) total += areas[i];
  const keys = counts.keys().sort();
  for (let i = 0; i < keys.length; i++) total = total * 0.5 + <f64>keys[i].charCodeAt(1) * <f64>counts.get(keys[i]);
  return total;
}

/** Grows its memory and moves what is in it about, in pieces and whole. */
export function moves(n: i32): i32 {
  const all = new Uint8Array(n * 70_000);
  for (let i = 0; i < all.length; i += 7) all[i] = <u8>i;
  memory.copy(all.dataStart + 3, all.dataStart, all.length - 3);
  memory.copy(all.dataStart, all.dataStart + 11, all.length - 11);
  memory.fill(all.dataStart + 5000, 0xa5, 3001);
  let check = memory.size();
  for (let i = 0; i < all.length; i += 13) check = check * 31 + all[i];
  return check;
}
