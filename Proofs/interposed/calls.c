/* Numbers every state-changing call that a program makes below one directory, and strikes at one of them.

   Loaded with LD_PRELOAD into the real, unmodified daemon. A point is a call's name and how many calls of that name
   came before it, so that it is the same point in every run, whichever thread makes it; ptrace counts per thread and
   cannot do that. A shared page says what to do (see `struct control`); the proof changes it while the program runs.
   Children are left alone: LD_PRELOAD is removed from the environment, and the process id shows a forked child that
   has not started its program yet.

   All calls go to the kernel directly, so that libc is not needed to find the real function. */
#define _GNU_SOURCE 1
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum mode { MODE_OFF, MODE_KILL, MODE_FAIL_ONCE, MODE_FAIL_FOR_GOOD, MODE_DROP_DIRECTORY_SYNCS };

/* The shared page; calls.py packs it. */
struct control {
    uint32_t mode;
    int32_t error;
    uint64_t count;      /* state-changing calls so far, over all lives of the program */
    uint64_t occurrence; /* strike at this one of the calls of `name` */
    uint64_t seen;       /* calls of `name` so far */
    uint32_t has_struck;
    uint32_t failures;   /* calls that were made to fail */
    int64_t clock_offset_ns;
    char kind[16];  /* the call that fails for good: set when it first does */
    char name[1024];
};

static struct control *control;
static char root[PATH_MAX];
static size_t root_length;
static int trace = -1;
static pid_t owner;

__attribute__((constructor)) static void begin(void) {
    const char *page = getenv("AGENTSPOOL_PROOF_CONTROL");
    const char *below = getenv("AGENTSPOOL_PROOF_ROOT");
    const char *list = getenv("AGENTSPOOL_PROOF_TRACE");
    if (page && below) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, page, O_RDWR | O_CLOEXEC);
        void *map = fd < 0 ? MAP_FAILED
                           : mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED) {
            fprintf(stderr, "calls: %s cannot be mapped\n", page);
            _exit(70);
        }
        root_length = strlen(below);
        memcpy(root, below, root_length + 1);
        if (list) trace = (int)syscall(SYS_openat, AT_FDCWD, list, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        owner = (pid_t)syscall(SYS_getpid);
        control = map;
    }
    unsetenv("LD_PRELOAD");
    unsetenv("AGENTSPOOL_PROOF_CONTROL");
    unsetenv("AGENTSPOOL_PROOF_ROOT");
    unsetenv("AGENTSPOOL_PROOF_TRACE");
}

/* Writes the path of `name` in the directory `fd` (or of `fd` itself), relative to the root; false when not below. */
static bool below_root(int fd, const char *name, char *out, size_t size) {
    char path[PATH_MAX];
    size_t length = 0;
    if (!name || name[0] != '/') {
        char link[32];
        if (fd == AT_FDCWD) {
            strcpy(link, "/proc/self/cwd");
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        }
        long count = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
        if (count <= 0) return false;
        length = (size_t)count;
        if (name) path[length++] = '/';
    }
    if (name) {
        size_t more = strnlen(name, sizeof path - length - 1);
        memcpy(path + length, name, more);
        length += more;
    }
    path[length] = 0;
    if (strncmp(path, root, root_length) != 0 || (path[root_length] != '/' && path[root_length] != 0)) return false;
    const char *rest = path + root_length + (path[root_length] == '/');
    snprintf(out, size, "%s", *rest ? rest : ".");
    return true;
}

static bool is_base32(char c) {
    return isdigit((unsigned char)c) || (c >= 'A' && c <= 'Z' && c != 'I' && c != 'L' && c != 'O' && c != 'U');
}

/* The length of an id, a due time or a day at `text`, whose digits differ from run to run; with the word for it. */
static size_t changing(const char *text, const char **word) {
    size_t length = 0;
    while (length < 26 && is_base32(text[length])) length++;
    if (length == 26) return *word = "ID", 26;
    static const struct { const char *shape, *word; } shapes[] = {{"########T######Z", "DUE"}, {"####-##-##", "DAY"}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const char *shape = shapes[i].shape;
        size_t at = 0;
        while (shape[at] && (shape[at] == '#' ? isdigit((unsigned char)text[at]) : shape[at] == text[at])) at++;
        if (!shape[at]) return *word = shapes[i].word, at;
    }
    return 0;
}

static void append_stable(char *name, size_t size, const char *path) {
    size_t length = strlen(name);
    while (*path && length + 8 < size) {
        const char *word;
        size_t skip = changing(path, &word);
        if (skip) {
            while (*word) name[length++] = *word++;
            path += skip;
        } else {
            name[length++] = *path == '\n' ? '?' : *path;
            path++;
        }
    }
    name[length] = 0;
}

/* Counts a call, and strikes when it is the chosen one: does not return, or returns the error that the call gives. */
static int note(const char *kind, const char *path, const char *second) {
    char name[1024];
    snprintf(name, sizeof name, "%s ", kind);
    append_stable(name, sizeof name, path);
    if (second) {
        strncat(name, " -> ", sizeof name - strlen(name) - 1);
        append_stable(name, sizeof name, second);
    }
    if (trace >= 0) {
        char line[1026];
        int length = snprintf(line, sizeof line, "%s\n", name);
        (void)!syscall(SYS_write, trace, line, length);
    }
    __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
    uint32_t mode = __atomic_load_n(&control->mode, __ATOMIC_SEQ_CST);
    if (mode == MODE_OFF) return 0;
    bool is_it = strcmp(name, control->name) == 0
        && __atomic_add_fetch(&control->seen, 1, __ATOMIC_SEQ_CST) == control->occurrence;
    if (is_it) {
        snprintf(control->kind, sizeof control->kind, "%s", kind);
        __atomic_store_n(&control->has_struck, 1, __ATOMIC_SEQ_CST);
    }
    switch (mode) {
    case MODE_KILL:
        if (!is_it) return 0;
        syscall(SYS_kill, owner, SIGKILL);
        for (;;) pause();
    case MODE_FAIL_ONCE:
        if (!is_it) return 0;
        break;
    default:
        if (!__atomic_load_n(&control->has_struck, __ATOMIC_SEQ_CST) || strcmp(kind, control->kind) != 0) return 0;
    }
    __atomic_add_fetch(&control->failures, 1, __ATOMIC_SEQ_CST);
    return control->error;
}

static bool is_watched(void) { return control && (pid_t)syscall(SYS_getpid) == owner; }

/* The error that a call on a name gives; 0: let it through. */
static int on_name(const char *kind, int directory, const char *name) {
    char path[PATH_MAX];
    return is_watched() && below_root(directory, name, path, sizeof path) ? note(kind, path, NULL) : 0;
}

static int on_names(const char *kind, int from, const char *name, int to, const char *target) {
    char path[PATH_MAX], second[PATH_MAX];
    if (!is_watched() || !below_root(from, name, path, sizeof path)) return 0;
    return note(kind, path, below_root(to, target, second, sizeof second) ? second : "outside");
}

static int on_file(const char *kind, int fd) {
    char path[PATH_MAX];
    return fd > 2 && is_watched() && below_root(fd, NULL, path, sizeof path) ? note(kind, path, NULL) : 0;
}

#define FAIL_IF(error_of)                                                                                              \
    do {                                                                                                               \
        int error = (error_of);                                                                                        \
        if (error) return errno = error, -1;                                                                           \
    } while (0)

static int open_file(int directory, const char *name, int flags, mode_t mode) {
    if (flags & (O_CREAT | O_TRUNC)) FAIL_IF(on_name("open", directory, name));
    return (int)syscall(SYS_openat, directory, name, flags, mode);
}

#define MODE_ARGUMENT(last)                                                                                            \
    mode_t mode = 0;                                                                                                   \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                                               \
        va_list list;                                                                                                  \
        va_start(list, last);                                                                                          \
        mode = va_arg(list, mode_t);                                                                                   \
        va_end(list);                                                                                                  \
    }

EXPORT int open(const char *name, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_file(AT_FDCWD, name, flags, mode);
}
EXPORT int open64(const char *name, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_file(AT_FDCWD, name, flags, mode);
}
EXPORT int openat(int directory, const char *name, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_file(directory, name, flags, mode);
}
EXPORT int openat64(int directory, const char *name, int flags, ...) {
    MODE_ARGUMENT(flags)
    return open_file(directory, name, flags, mode);
}

EXPORT int mkdirat(int directory, const char *name, mode_t mode) {
    FAIL_IF(on_name("mkdir", directory, name));
    return (int)syscall(SYS_mkdirat, directory, name, mode);
}
EXPORT int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

EXPORT int renameat2(int from, const char *name, int to, const char *target, unsigned flags) {
    FAIL_IF(on_names("rename", from, name, to, target));
    return (int)syscall(SYS_renameat2, from, name, to, target, flags);
}
EXPORT int renameat(int from, const char *name, int to, const char *target) {
    return renameat2(from, name, to, target, 0);
}
EXPORT int rename(const char *name, const char *target) { return renameat2(AT_FDCWD, name, AT_FDCWD, target, 0); }

EXPORT int linkat(int from, const char *name, int to, const char *target, int flags) {
    FAIL_IF(on_names("link", from, name, to, target));
    return (int)syscall(SYS_linkat, from, name, to, target, flags);
}
EXPORT int link(const char *name, const char *target) { return linkat(AT_FDCWD, name, AT_FDCWD, target, 0); }

EXPORT int unlinkat(int directory, const char *name, int flags) {
    FAIL_IF(on_name(flags & AT_REMOVEDIR ? "rmdir" : "unlink", directory, name));
    return (int)syscall(SYS_unlinkat, directory, name, flags);
}
EXPORT int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
EXPORT int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

EXPORT ssize_t write(int fd, const void *bytes, size_t count) {
    FAIL_IF(on_file("write", fd));
    return syscall(SYS_write, fd, bytes, count);
}
EXPORT ssize_t writev(int fd, const struct iovec *parts, int count) {
    FAIL_IF(on_file("write", fd));
    return syscall(SYS_writev, fd, parts, count);
}
EXPORT ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    FAIL_IF(on_file("write", fd));
    return syscall(SYS_pwrite64, fd, bytes, count, offset);
}
EXPORT ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) {
    return pwrite(fd, bytes, count, offset);
}
EXPORT int ftruncate(int fd, off_t length) {
    FAIL_IF(on_file("truncate", fd));
    return (int)syscall(SYS_ftruncate, fd, length);
}
EXPORT int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

/* Breaks the program, so that a proof can show that it finds the fault: directories are never synced. */
static bool is_dropped(int fd) {
    struct stat status;
    return control && __atomic_load_n(&control->mode, __ATOMIC_SEQ_CST) == MODE_DROP_DIRECTORY_SYNCS
        && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

EXPORT int fsync(int fd) {
    FAIL_IF(on_file("fsync", fd));
    if (is_dropped(fd)) return 0;
    return (int)syscall(SYS_fsync, fd);
}
EXPORT int fdatasync(int fd) {
    FAIL_IF(on_file("fdatasync", fd));
    return (int)syscall(SYS_fdatasync, fd);
}
EXPORT int syncfs(int fd) {
    FAIL_IF(on_file("syncfs", fd));
    return (int)syscall(SYS_syncfs, fd);
}

/* The wall clock, set forward or back while the program runs; the monotonic clocks stay as they are. */
EXPORT int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && control) {
        int64_t offset = __atomic_load_n(&control->clock_offset_ns, __ATOMIC_SEQ_CST);
        int64_t now = time->tv_sec * INT64_C(1000000000) + time->tv_nsec + offset;
        *time = (struct timespec){.tv_sec = now / 1000000000, .tv_nsec = now % 1000000000};
    }
    return result;
}
