// Loops over one call. The record is small, and what comes back is used.
function records(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += host.record({ id: i, name: "a name", on: true }).id;
  return sum;
}

function adds(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum = host.add(sum, 2);
  return sum;
}

async function awaits(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum = await host.later(sum, 2);
  return sum;
}
