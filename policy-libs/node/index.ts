// The policy libraries under Node: all of policy-libs/index.ts, and what needs the host.
export * from "../index.ts";
export { type DirectoryOptions, directory, directoryPlace } from "./directory.ts";
export { type NetworkOptions, network, type Resolver } from "./net.ts";
