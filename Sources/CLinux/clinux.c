#define _GNU_SOURCE 1
#include "CLinux.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

int clinux_syncfs(int fd) { return syncfs(fd); }

int clinux_start_writing(int fd) { return sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); }

int clinux_rename_to_free_name(int directory, const char *name, const char *target) {
    return renameat2(directory, name, directory, target, RENAME_NOREPLACE);
}

int clinux_ofd_trylock(int fd, bool exclusive) {
    struct flock lock = {.l_type = exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &lock);
}

int clinux_ofd_is_locked(int fd) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_GETLK, &lock) != 0) return -1;
    return lock.l_type != F_UNLCK;
}

int clinux_has_no_writer(int fd) {
    if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return -1;
    return fcntl(fd, F_SETLEASE, F_UNLCK);
}

int clinux_limit_open_files(pid_t process, uint64_t soft) {
    struct rlimit limit;
    if (prlimit(process, RLIMIT_NOFILE, NULL, &limit) != 0) return -1;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    return prlimit(process, RLIMIT_NOFILE, &limit, NULL);
}

long clinux_filesystem_type(int fd) {
    struct statfs s;
    return fstatfs(fd, &s) == 0 ? (long)s.f_type : -1;
}

unsigned char clinux_dirent_type(const struct dirent *entry) { return entry->d_type; }
const char *clinux_dirent_name(const struct dirent *entry) { return entry->d_name; }

int clinux_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }

void clinux_keep_freed_memory(void) {
    mallopt(M_TOP_PAD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 16 << 20);
}

static _Thread_local void *pool;
static _Thread_local bool has_next;
void *clinux_thread_pool(void) { return pool; }
void clinux_thread_set_pool(void *own) { pool = own; }
bool clinux_thread_has_next(void) { return has_next; }
void clinux_thread_set_has_next(bool has) { has_next = has; }

int clinux_memfd_create(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

static volatile sig_atomic_t hangup_fd = -1;

static void count_hangup(int signal) {
    (void)signal;
    int saved = errno;
    uint64_t one = 1;
    ssize_t written = write(hangup_fd, &one, sizeof one);
    (void)written;
    errno = saved;
}

int clinux_count_hangups(int fd) {
    struct sigaction action = {.sa_handler = count_hangup, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    hangup_fd = fd;
    if (sigaction(SIGHUP, &action, &before) != 0) return -1;
    return before.sa_handler == SIG_IGN;
}

int clinux_is_subreaper(void) {
    int is = 0;
    return prctl(PR_GET_CHILD_SUBREAPER, &is) == 0 ? is : -1;
}

int clinux_has_dead_child(void) {
    siginfo_t info = {0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return -1;
    return info.si_pid != 0;
}

int clinux_file_identity(const char *path, uint64_t *device, uint64_t *inode) {
    struct stat status;
    if (lstat(path, &status) != 0) return -1;
    *device = status.st_dev;
    *inode = status.st_ino;
    return 0;
}
