/* A disk that remembers everything that was written to it, in order, with every flush.

   recording_disk IMAGE LOG DIRECTORY MICROSECONDS mounts at DIRECTORY a filesystem of three files and serves it until
   it is unmounted; a flush takes MICROSECONDS, as that of a real disk takes time:

     disk   IMAGE as it is. A loop device on it is a block device on which a real filesystem can be mounted.
     marks  what is written here becomes part of the record, so that a moment has its place among the writes.
     power  after "off" is written here the power is off: every request to the disk fails with EIO. After any other
            text the next write to the disk that has this text in it fails with EIO, once.

   The program talks to the kernel through /dev/fuse (linux/fuse.h). All files are opened with direct I/O, so that what
   the loop device writes comes here at once and unchanged, and one thread serves one request after the other, so that
   LOG has the order in which the disk got the requests. A flush of the block device arrives as FSYNC: what was written
   before it is safe then, and nothing else is.

   LOG is a sequence of a struct event each, followed by its bytes. */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LARGEST_WRITE = 1 << 20, LARGEST_REQUEST = LARGEST_WRITE + 4096 };

/* Inodes. */
enum { ROOT = FUSE_ROOT_ID, DISK, MARKS, POWER };
static const char *const names[] = {[DISK] = "disk", [MARKS] = "marks", [POWER] = "power"};

/* disk.py reads it. */
struct event {
    uint32_t kind; /* 'W' a write, 'F' a flush, 'M' a mark */
    uint32_t size; /* bytes that follow */
    uint64_t offset;
};

static int image, log_file, device;
static uint64_t disk_size;
static bool is_off;
static char failing[256];
static size_t failing_length;
static useconds_t flush_time;

static void fail(const char *what) {
    fprintf(stderr, "recording_disk: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void record(char kind, uint64_t offset, const void *bytes, uint32_t size) {
    struct event event = {.kind = (uint32_t)kind, .size = size, .offset = offset};
    struct iovec parts[] = {{&event, sizeof event}, {(void *)bytes, size}};
    if (writev(log_file, parts, 2) != (ssize_t)(sizeof event + size)) fail("the record cannot be written");
}

/* Answers a request with bytes, or with a negative error and none. */
static void answer(const struct fuse_in_header *request, int error, const void *bytes, size_t size) {
    struct fuse_out_header header = {.len = (uint32_t)(sizeof header + size), .error = error, .unique = request->unique};
    struct iovec parts[] = {{&header, sizeof header}, {(void *)bytes, size}};
    /* The kernel takes no answer to a request that was interrupted. */
    if (writev(device, parts, 2) < 0 && errno != ENOENT) fail("the kernel does not take an answer");
}

static struct fuse_attr attributes(uint64_t node) {
    bool is_root = node == ROOT;
    return (struct fuse_attr){
        .ino = node,
        .mode = is_root ? S_IFDIR | 0700 : S_IFREG | 0600,
        .nlink = is_root ? 2 : 1,
        .size = node == DISK ? disk_size : 0,
        .blocks = node == DISK ? disk_size / 512 : 0,
        .blksize = 4096,
    };
}

static void introduce(const struct fuse_in_header *request, const struct fuse_init_in *kernel) {
    struct fuse_init_out out = {
        .major = FUSE_KERNEL_VERSION,
        .minor = FUSE_KERNEL_MINOR_VERSION,
        .max_readahead = 0,
        .flags = kernel->flags & (FUSE_BIG_WRITES | FUSE_MAX_PAGES),
        .max_background = 16,
        .congestion_threshold = 12,
        .max_write = LARGEST_WRITE,
        .time_gran = 1,
        .max_pages = LARGEST_WRITE / 4096,
    };
    answer(request, 0, &out, sizeof out);
}

static void look_up(const struct fuse_in_header *request, const char *name) {
    for (uint64_t node = DISK; node <= POWER; node++) {
        if (strcmp(name, names[node]) != 0) continue;
        struct fuse_entry_out out = {
            .nodeid = node, .entry_valid = 3600, .attr_valid = 3600, .attr = attributes(node)};
        return answer(request, 0, &out, sizeof out);
    }
    answer(request, -ENOENT, NULL, 0);
}

static void tell_attributes(const struct fuse_in_header *request) {
    struct fuse_attr_out out = {.attr_valid = 3600, .attr = attributes(request->nodeid)};
    answer(request, 0, &out, sizeof out);
}

static void open_file(const struct fuse_in_header *request) {
    struct fuse_open_out out = {.open_flags = request->nodeid == ROOT ? 0 : FOPEN_DIRECT_IO};
    answer(request, 0, &out, sizeof out);
}

static void read_disk(const struct fuse_in_header *request, const struct fuse_read_in *wanted) {
    static char bytes[LARGEST_WRITE];
    if (request->nodeid != DISK) return answer(request, 0, NULL, 0);
    if (is_off) return answer(request, -EIO, NULL, 0);
    size_t size = wanted->size < sizeof bytes ? wanted->size : sizeof bytes;
    ssize_t count = pread(image, bytes, size, (off_t)wanted->offset);
    answer(request, count < 0 ? -errno : 0, bytes, count < 0 ? 0 : (size_t)count);
}

static void write_file(const struct fuse_in_header *request, const struct fuse_write_in *given) {
    const char *bytes = (const char *)(given + 1);
    int error = 0;
    if (request->nodeid == POWER) {
        is_off = is_off || (given->size == 3 && memcmp(bytes, "off", 3) == 0);
        failing_length = given->size < sizeof failing ? given->size : sizeof failing;
        memcpy(failing, bytes, failing_length);
    } else if (request->nodeid == MARKS) {
        if (!is_off) record('M', 0, bytes, given->size);
    } else if (is_off) {
        error = -EIO;
    } else if (given->offset + given->size > disk_size) {
        error = -ENOSPC;
    } else if (failing_length && memmem(bytes, given->size, failing, failing_length)) {
        failing_length = 0;
        error = -EIO;
    } else {
        record('W', given->offset, bytes, given->size);
        if (pwrite(image, bytes, given->size, (off_t)given->offset) != (ssize_t)given->size) fail("the image is full");
    }
    struct fuse_write_out out = {.size = given->size};
    answer(request, error, &out, error ? 0 : sizeof out);
}

static void flush(const struct fuse_in_header *request) {
    if (request->nodeid == DISK && !is_off) {
        usleep(flush_time);
        record('F', 0, NULL, 0);
    }
    answer(request, request->nodeid == DISK && is_off ? -EIO : 0, NULL, 0);
}

static void serve(const struct fuse_in_header *request) {
    const void *body = request + 1;
    switch (request->opcode) {
    case FUSE_INIT: return introduce(request, body);
    case FUSE_LOOKUP: return look_up(request, body);
    case FUSE_GETATTR:
    case FUSE_SETATTR: return tell_attributes(request);
    case FUSE_OPEN:
    case FUSE_OPENDIR: return open_file(request);
    case FUSE_READ: return read_disk(request, body);
    case FUSE_READDIR: return answer(request, 0, NULL, 0);
    case FUSE_WRITE: return write_file(request, body);
    case FUSE_FSYNC: return flush(request);
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_DESTROY: return answer(request, 0, NULL, 0);
    case FUSE_STATFS: {
        struct fuse_statfs_out out = {.st = {.bsize = 4096, .frsize = 4096, .namelen = 255}};
        return answer(request, 0, &out, sizeof out);
    }
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT: return; /* are not answered */
    case FUSE_FALLOCATE: return answer(request, -EOPNOTSUPP, NULL, 0); /* no discards: they would be writes */
    default: return answer(request, -ENOSYS, NULL, 0);
    }
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: recording_disk IMAGE LOG DIRECTORY MICROSECONDS\n");
        return 64;
    }
    struct stat status;
    image = open(arguments[1], O_RDWR | O_CLOEXEC);
    if (image < 0 || fstat(image, &status) != 0) fail(arguments[1]);
    disk_size = (uint64_t)status.st_size;
    log_file = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (log_file < 0) fail(arguments[2]);
    flush_time = (useconds_t)atoi(arguments[4]);
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device < 0) fail("/dev/fuse");
    char options[128];
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%d,group_id=%d,allow_other", device, getuid(),
             getgid());
    if (mount("recording_disk", arguments[3], "fuse", MS_NOSUID | MS_NODEV, options) != 0) fail(arguments[3]);
    static char request[LARGEST_REQUEST] __attribute__((aligned(8)));
    for (;;) {
        ssize_t size = read(device, request, sizeof request);
        if (size >= 0) {
            serve((const struct fuse_in_header *)request);
        } else if (errno == ENODEV) {
            return 0; /* unmounted */
        } else if (errno != EINTR && errno != EAGAIN && errno != ENOENT) {
            fail("/dev/fuse");
        }
    }
}
