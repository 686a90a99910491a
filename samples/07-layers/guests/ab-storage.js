// A layer: what is written goes to a copy. When the file is closed the copy takes the original's place, if it starts
// with S and ends with E; else it is thrown away. Whoever reads sees the original, whole.

const refuse = (code, message) => {
  throw Object.assign(new Error(message), { code });
};

const COPY = /^\.copy-\d+-/;
const isName = (name) => /^[a-z0-9_-][a-z0-9_.-]*$/.test(name);

const bytesOf = (text) => Uint8Array.from(text, (char) => char.charCodeAt(0));

let copies = 0;

async function isValid(file) {
  const size = await file.size();
  if (size < 2) return false;
  const [first] = await file.readAt(0, 1);
  const [end] = await file.readAt(size - 1, 1);
  return first === 0x53 && end === 0x45;
}

function votedFile(name, copyName, original, copy) {
  let isClosed = false;
  // What was begun is done before it is closed: a write after the vote would not be counted.
  let last = Promise.resolve();
  const inTurn = (task) => {
    const done = last.then(() => (isClosed ? refuse("E_CLOSED", "it is closed already") : task()));
    last = done.catch(() => {});
    return done;
  };
  return {
    size: () => original.size(),
    readAt: (offset, most) => original.readAt(offset, most),
    writeAt: (offset, bytes) => inTurn(() => copy.writeAt(offset, bytes)),
    truncate: (size) => inTurn(() => copy.truncate(size)),
    flush: () => inTurn(() => copy.flush()),
    close: () =>
      inTurn(async () => {
        isClosed = true;
        const passes = await isValid(copy);
        await Promise.all([copy.close(), original.close()]);
        await (passes ? files.rename(copyName, name) : files.remove(copyName));
      }),
  };
}

let opened = Promise.resolve();
/** One after the other: two that create the same file make one. */
function open(name, options) {
  const done = opened.then(() => openNext(name, options));
  opened = done.catch(() => {});
  return done;
}

async function openNext(name, options) {
  if (!isName(name)) refuse("E_PATH", "a name has a to z, 0 to 9, dot, dash and underline");
  if (options?.create === true && !(await files.exists(name))) await files.writeBytes(name, bytesOf("SE"));
  const original = await files.open(name);
  const copyName = `.copy-${copies++}-${name}`;
  await files.copy(name, copyName);
  return votedFile(name, copyName, original, await files.open(copyName, { write: true }));
}

const list = async () => (await files.list()).map(({ name }) => name).filter(isName);

// Of programs that ended without closing.
for (const { name } of await files.list()) if (COPY.test(name)) await files.remove(name);

return { files: { open, list } };
