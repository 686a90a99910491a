// A layer that clamps: drafts may be written; all else only read.
const refuse = () => {
  throw Object.assign(new Error("only drafts may be written"), { code: "E_DENIED" });
};
return {
  shelf: {
    ...shelf,
    put: (name, text) => (name.startsWith("draft-") ? shelf.put(name, text) : refuse()),
  },
};
