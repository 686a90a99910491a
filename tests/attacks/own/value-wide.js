// A flat value of more nodes and bytes than any host wants.
// Expect: any
(function () {
  const wide = [];
  for (let i = 0; i < 400000; i++) wide.push(i);
  const keys = {};
  for (let i = 0; i < 100000; i++) keys["k" + i] = i;
  let said = "";
  for (const v of [wide, keys, "x".repeat(8000000), new Uint8Array(8000000)]) try { hostInspect(v); said += "crossed "; } catch (e) { said += e.name + " "; }
  return said;
})()
