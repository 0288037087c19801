#ifndef CLINUX_H
#define CLINUX_H

/* What Swift's Glibc module leaves out. Only headers that it leaves out are included here, and
   _GNU_SOURCE is never defined here: a libc header seen twice with different feature macros gives
   "different definitions in different modules". The rest is defined in clinux.c with a prefix. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/types.h>

/* syncfs(2): flushes the filesystem that the descriptor lies on. */
int clinux_syncfs(int fd);

/* sync_file_range(2) over the whole file: starts to write dirty pages, and does not wait for them. */
int clinux_start_writing(int fd);

/* renameat2(2) with RENAME_NOREPLACE within one directory: 0, or -1 with errno. */
int clinux_rename_to_free_name(int directory, const char *name, const char *target);

/* Open-file-description lock over the whole file (fcntl(2), F_OFD_SETLK): exclusive when `exclusive`. */
int clinux_ofd_trylock(int fd, bool exclusive);

/* Whether another open file description has a lock that conflicts with an exclusive one: 1, 0 or -1 (F_OFD_GETLK). */
int clinux_ofd_is_locked(int fd);

/* fcntl(2), F_SETLEASE with F_RDLCK, given back at once: 0 when no writer has the file open, else -1 with errno. */
int clinux_has_no_writer(int fd);

/* f_type of fstatfs(2). */
long clinux_filesystem_type(int fd);

/* The entry type of a dirent, and its name: Swift sees d_name as a tuple. */
struct dirent;
unsigned char clinux_dirent_type(const struct dirent *entry);
const char *clinux_dirent_name(const struct dirent *entry);

/* Name of the calling thread, at most 15 bytes, as `ps -L` shows it. */
int clinux_set_thread_name(const char *name);

/* Keeps freed memory in the process: else every burst of small allocations grows and shrinks each thread's heap, with a
   mprotect(2) each time (mallopt(3)). Each thread has a heap of its own: with one heap they would wait for its lock. */
void clinux_keep_freed_memory(void);

/* For the calling thread: the pool that it belongs to, or NULL; and whether it is to run the next item itself. */
void *clinux_thread_pool(void);
void clinux_thread_set_pool(void *pool);
bool clinux_thread_has_next(void);
void clinux_thread_set_has_next(bool has_next);

/* memfd_create(2) with MFD_CLOEXEC: an empty file in memory, open for reading and writing, or -1 with errno. */
int clinux_memfd_create(const char *name);

/* From now on counts every SIGHUP to this process in the eventfd `fd`, on whichever thread it arrives; programs that it
   starts do not inherit that. 1 when SIGHUP was ignored before (as by nohup(1)), else 0; or -1 with errno. */
int clinux_count_hangups(int fd);

/* Sets the soft limit of another process's open files to `soft`, or to the hard one where that is less (prlimit(2)): 0, or
   -1 with errno. */
int clinux_limit_open_files(pid_t process, uint64_t soft);

/* struct ucred of unix(7), which SO_PEERCRED gives. */
struct clinux_credentials {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

/* The device and the inode of the file at a path, of a link itself (lstat(2)): 0, or -1 with errno. */
int clinux_file_identity(const char *path, uint64_t *device, uint64_t *inode);

/* Whether orphaned descendants become children of this process (prctl(2), PR_GET_CHILD_SUBREAPER): 1, 0 or -1. */
int clinux_is_subreaper(void);

/* Whether a child is dead and not reaped; nothing is reaped here (waitid(2), WNOWAIT): 1, 0 or -1. */
int clinux_has_dead_child(void);

#endif
