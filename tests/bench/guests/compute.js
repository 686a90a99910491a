// Eight programs, each some ten milliseconds of an interpreter's work. Each returns a number that all engines agree on.
globalThis.programs = {
  fib() {
    const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
    return fib(21);
  },
  sieve() {
    const size = 120000;
    const composite = new Uint8Array(size);
    let primes = 0;
    for (let i = 2; i < size; i++) {
      if (composite[i]) continue;
      primes++;
      for (let j = i * 2; j < size; j += i) composite[j] = 1;
    }
    return primes;
  },
  strings() {
    let total = 0;
    for (let i = 0; i < 1500; i++) {
      const text = ("item-" + i + ";").repeat(8);
      total += text.split(";").map((part) => part.toUpperCase()).join(",").indexOf(String(i)) + text.slice(3, 9).length;
      total += text.replace(/\d+/g, "#").length;
    }
    return total;
  },
  objects() {
    let sum = 0;
    for (let i = 0; i < 12000; i++) {
      const point = { x: i, y: i * 2, label: "p", nested: { z: i & 7 } };
      const copy = { ...point, w: 1 };
      sum += copy.x + copy.y + copy.w + copy.nested.z + Object.keys(copy).length;
    }
    return sum;
  },
  json() {
    const rows = [];
    for (let i = 0; i < 400; i++) rows.push({ id: i, name: "row " + i, tags: ["a", "b"], at: { x: i / 3, y: null } });
    let total = 0;
    for (let i = 0; i < 6; i++) total += JSON.parse(JSON.stringify(rows)).length + JSON.stringify(rows, null, 1).length;
    return total;
  },
  sort() {
    let seed = 42;
    const values = Array.from({ length: 9000 }, () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff));
    values.sort((a, b) => a - b);
    return values[10] + values[values.length - 1];
  },
  map() {
    const map = new Map();
    let sum = 0;
    for (let i = 0; i < 12000; i++) map.set("key" + (i % 3000), i);
    for (let i = 0; i < 30000; i++) sum += map.get("key" + (i % 3000));
    for (const [key, value] of map) sum += key.length + value;
    return sum;
  },
  floats() {
    let x = 0.5;
    let sum = 0;
    for (let i = 0; i < 120000; i++) {
      x = 3.7 * x * (1 - x);
      sum += Math.sqrt(x) + x / (i + 1);
    }
    return Math.round(sum * 1e6);
  },
};
