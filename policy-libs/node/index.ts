// The policy libraries under Node: all of policy-libs/index.ts, and what needs the host.
export * from "../index.ts";
export { type BlobFile, type BlobFileOptions, blobFile } from "./blobs.ts";
export { type DirectoryOptions, directory, directoryPlace } from "./directory.ts";
export { environment } from "./env.ts";
export { type HttpGrantOptions, http } from "./http.ts";
export { type SqliteOptions, type SqliteStore, sqliteKv, sqliteStore } from "./kv.ts";
export { type NetworkOptions, network, type Resolver } from "./net.ts";
export { policy } from "./policy-file.ts";
export { type HostTerminalOptions, type TerminalInput, type TerminalOutput, terminal } from "./terminal.ts";
