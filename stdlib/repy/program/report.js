// Errors as text for people: the guest's own frames and nothing of the host's (W18).

const describe = (error) =>
  error instanceof Error ? `Exception (${error.name}): ${error.message}` : `Exception (thrown value): ${String(error)}`;

/** The most recent call is displayed last, as RepyV2 does. */
export function reportOf(error, framesOf) {
  const frames = framesOf(error).reverse();
  const lines = frames.map(({ name, file, line }) => `  "${file}", line ${line}${name === "" ? "" : `, in ${name}`}`);
  return [
    "Following is a user traceback: it has the frames of the program only, the most recent call last.",
    "User traceback:",
    ...(lines.length > 0 ? lines : ["  (no frame of the program)"]),
    describe(error),
  ].join("\n");
}
