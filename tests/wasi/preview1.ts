// Every function of WASI preview 1 with its type: i = i32, l = i64. Written from the specification.

// biome-ignore format: a table
export const PREVIEW1: Readonly<Record<string, string>> = {
  args_get: "ii>i", args_sizes_get: "ii>i", environ_get: "ii>i", environ_sizes_get: "ii>i",
  clock_res_get: "ii>i", clock_time_get: "ili>i",
  fd_advise: "illi>i", fd_allocate: "ill>i", fd_close: "i>i", fd_datasync: "i>i", fd_fdstat_get: "ii>i",
  fd_fdstat_set_flags: "ii>i", fd_fdstat_set_rights: "ill>i", fd_filestat_get: "ii>i", fd_filestat_set_size: "il>i",
  fd_filestat_set_times: "illi>i", fd_pread: "iiili>i", fd_prestat_get: "ii>i", fd_prestat_dir_name: "iii>i",
  fd_pwrite: "iiili>i", fd_read: "iiii>i", fd_readdir: "iiili>i", fd_renumber: "ii>i", fd_seek: "ilii>i",
  fd_sync: "i>i", fd_tell: "ii>i", fd_write: "iiii>i",
  path_create_directory: "iii>i", path_filestat_get: "iiiii>i", path_filestat_set_times: "iiiilli>i",
  path_link: "iiiiiii>i", path_open: "iiiiillii>i", path_readlink: "iiiiii>i", path_remove_directory: "iii>i",
  path_rename: "iiiiii>i", path_symlink: "iiiii>i", path_unlink_file: "iii>i",
  poll_oneoff: "iiii>i", proc_exit: "i>", proc_raise: "i>i", sched_yield: ">i", random_get: "ii>i",
  sock_accept: "iii>i", sock_recv: "iiiiii>i", sock_send: "iiiii>i", sock_shutdown: "ii>i",
};

const spelled = (letters: string): string => [...letters].map((letter) => (letter === "l" ? "i64" : "i32")).join(" ");

/** A module that imports all of them and exports them under their own names, and `rest`. */
export function everyFunction(rest = ""): string {
  const imports = Object.entries(PREVIEW1).map(([name, type]) => {
    const [params, results] = type.split(">") as [string, string];
    const signature = `(param ${spelled(params)}) (result ${spelled(results)})`;
    return `(import "wasi_snapshot_preview1" "${name}" (func $${name} ${signature}))`;
  });
  const exports = Object.keys(PREVIEW1).map((name) => `(export "${name}" (func $${name}))`);
  return `(module ${imports.join("\n")} ${exports.join("\n")} (memory 2) ${rest})`;
}
