const [limits] = await getresources();
const names = Object.keys(limits).sort();
await log(names.length, names.join(" "));
for (const name of names) {
  if (limits[name] instanceof Set) await log(name, "set", [...limits[name]].join(" "));
  else await log(name, limits[name]);
}
