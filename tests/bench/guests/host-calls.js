// Loops of calls to the host. Each takes the number of calls and returns something that depends on every answer.
globalThis.numbers = (n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += host.add(i, 2);
  return sum;
};
globalThis.texts = (n) => {
  const text = "0123456789".repeat(10);
  let length = 0;
  for (let i = 0; i < n; i++) length += host.text(text).length;
  return length;
};
globalThis.records = (n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += host.record({ id: i, name: "Ada", score: 1.5, active: true, tag: "x" }).id;
  return sum;
};
globalThis.awaits = async (n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += await host.later(i);
  return sum;
};
