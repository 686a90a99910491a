// Parts of Node that are needed seldom: an import would be waited for at every start of the command.

export const nodeCrypto = (): typeof import("node:crypto") => process.getBuiltinModule("node:crypto");
