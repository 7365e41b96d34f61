/* sandbox_tries.h - calls that an attacker inside the process would try next.
 * Each returns 0 if it succeeded, and its errno if not. */
#ifndef CONCLAVE_TEST_SANDBOX_TRIES_H
#define CONCLAVE_TEST_SANDBOX_TRIES_H

#include <stddef.h>

int try_execve(void), try_execveat(void), try_fork(void), try_vfork(void);
int try_clone3(void), try_unshare(void), try_setns(void);
int try_ptrace(void), try_ptrace_traceme(void), try_vm_readv(void);
int try_mmap_exec(void), try_mprotect_exec(void), try_pkey_exec(void);
int try_kill_parent(void), try_tgkill_parent(void);
int try_open_read(void), try_open_write(void), try_open_old(void);
int try_open_tree(void), try_openat2(void), try_handle(void), try_mkdir(void);
int try_chmod(void), try_rename(void), try_symlink(void), try_link(void);
int try_chroot(void), try_mount(void), try_pivot(void);
int try_socket_tcp(void), try_socket_tcp6(void), try_socket_unix(void);
int try_socket_udp(void), try_socket_raw(void), try_socket_packet(void);
int try_socket_netlink(void), try_socket_vsock(void), try_socketpair(void);
int try_bind(void), try_listen(void), try_connect(void);
int try_setuid(void), try_prctl(void), try_seccomp(void), try_landlock(void);
int try_bpf(void), try_io_uring(void), try_userfaultfd(void), try_perf(void);
int try_keyctl(void), try_memfd(void), try_pidfd_getfd(void);
int try_epoll_create(void), try_signalfd(void), try_timerfd(void);
int try_personality(void), try_module(void), try_reboot(void);
int try_other_table(void), try_tiocsti(void);

/* Calls that must work. */
int try_memory(void), try_thread(void), try_heap_of_a_thread(void);
int try_random(void), try_clock(void), try_name_of_an_address(void);
int try_name_of_a_local_link(void), try_crypto(void), try_abort(void);

/* Paths for the file tries: one inside the allowed folders, one
 * outside. */
extern const char *try_inside, *try_outside;
int try_read_inside(void), try_write_inside(void), try_make_inside(void);
int try_remove_inside(void), try_read_outside(void), try_write_outside(void);
int try_make_outside(void), try_remove_outside(void), try_list_outside(void);
int try_truncate_outside(void), try_move_outside(void);

#endif
