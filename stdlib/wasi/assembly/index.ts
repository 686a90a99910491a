// WASI preview 1 for guests: each function of it, over the gates, inside the guest.
//
// Nothing rests on this code but the programs that use it: it is linked into them, holds no more than they hold, and
// works in their memory. Functions are named as WASI names them; `env_` stands before what has the module name "env".

export { memory_grow, memory_maximum, memory_size } from "./arena";
export { env_abort, env_seed } from "./assemblyscript";
export * from "./descriptors";
export { fd_readdir } from "./directory";
export * from "./paths";
export * from "./process";
export { fd_pread, fd_pwrite, fd_read, fd_seek, fd_tell, fd_write } from "./reading";
export { clock_res_get, clock_time_get, poll_oneoff, random_get, sched_yield } from "./time";
export * from "./unsupported";
