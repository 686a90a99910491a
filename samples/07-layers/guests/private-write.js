// A layer with a new call: writePrivate writes what can be overwritten, but never read back.
//
// Which bytes are private stands in a file beside each file, whose name no program can say. It is written before the
// bytes are, and taken back only after they were overwritten: whenever this layer ends, nothing private is readable.

const refuse = (code, message) => {
  throw Object.assign(new Error(message), { code });
};

// One spelling for each file: "a", "./a" and "A" could be the same one.
function checkName(name) {
  if (!/^[a-z0-9_-][a-z0-9_.-]*$/.test(name)) refuse("E_PATH", "a name has a to z, 0 to 9, dot, dash and underline");
}

const mapName = (name) => `.private.${name}.json`;

/** By name: the ranges of private bytes, [from, before], apart from each other. Read once. */
const known = new Map();

async function rangesOf(name) {
  if (!known.has(name)) {
    const text = (await files.exists(mapName(name))) ? await files.readText(mapName(name)) : "[]";
    known.set(name, JSON.parse(text));
  }
  return known.get(name);
}

async function keep(name, ranges) {
  await files.writeText(mapName(name), JSON.stringify(ranges));
  known.set(name, ranges);
}

const without = (ranges, from, before) =>
  ranges.flatMap(([start, end]) =>
    [
      [start, Math.min(end, from)],
      [Math.max(start, before), end],
    ].filter(([a, b]) => a < b),
  );

const isPrivate = (ranges, from, before) => ranges.some(([start, end]) => start < before && from < end);

let last = Promise.resolve();
function inTurn(task) {
  const done = last.then(task);
  last = done.catch(() => {});
  return done;
}

const sealedFile = (name, file) => ({
  size: () => file.size(),
  readAt: (offset, most) =>
    inTurn(async () => {
      if (isPrivate(await rangesOf(name), offset, offset + most)) refuse("E_PRIVATE", "some of it is private");
      return await file.readAt(offset, most);
    }),
  writeAt: (offset, bytes) =>
    inTurn(async () => {
      await file.writeAt(offset, bytes);
      const ranges = await rangesOf(name);
      const before = offset + bytes.length;
      if (isPrivate(ranges, offset, before)) await keep(name, without(ranges, offset, before));
    }),
  writePrivate: (offset, bytes) =>
    inTurn(async () => {
      if (offset > (await file.size())) refuse("E_PAST_END", "it begins beyond the end of the file");
      const before = offset + bytes.length;
      if (bytes.length > 0) await keep(name, [...without(await rangesOf(name), offset, before), [offset, before]]);
      await file.writeAt(offset, bytes);
    }),
  close: () => file.close(),
});

return {
  files: {
    open: (name, options) => {
      checkName(name);
      return inTurn(async () => sealedFile(name, await files.open(name, { write: true, create: options?.create === true })));
    },
  },
};
