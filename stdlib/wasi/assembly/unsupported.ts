// What there is no capability for.

import { NOSYS } from "./errno";

export function fd_allocate(_fd: u32, _offset: u64, _length: u64): i32 {
  return NOSYS;
}
export function fd_filestat_set_times(_fd: u32, _accessed: u64, _modified: u64, _flags: u32): i32 {
  return NOSYS;
}
// biome-ignore format: as the specification has it
export function path_filestat_set_times(
  _fd: u32, _lookup: u32, _path: u32, _length: u32, _accessed: u64, _modified: u64, _flags: u32,
): i32 {
  return NOSYS;
}
// biome-ignore format: as the specification has it
export function path_link(
  _fd: u32, _lookup: u32, _path: u32, _length: u32, _newFd: u32, _newPath: u32, _newLength: u32,
): i32 {
  return NOSYS;
}
export function path_symlink(_old: u32, _oldLength: u32, _fd: u32, _path: u32, _length: u32): i32 {
  return NOSYS;
}
export function proc_raise(_signal: u32): i32 {
  return NOSYS;
}
export function sock_accept(_fd: u32, _flags: u32, _fdAt: u32): i32 {
  return NOSYS;
}
export function sock_recv(_fd: u32, _vectors: u32, _count: u32, _flags: u32, _bytesAt: u32, _flagsAt: u32): i32 {
  return NOSYS;
}
export function sock_send(_fd: u32, _vectors: u32, _count: u32, _flags: u32, _bytesAt: u32): i32 {
  return NOSYS;
}
export function sock_shutdown(_fd: u32, _how: u32): i32 {
  return NOSYS;
}
