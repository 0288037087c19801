/* The limit: the calls that a spool must make for its promises, and nothing else. One thread, no parsing, no index, no
 * log. All that AgentSpool does beyond these calls is its own cost.
 *
 *   limit drain DIR JOBS GROUP sync|off    jobs of one step: from the inbox into done/
 *   limit steps DIR JOBS STEPS GROUP       records of steps, appended to GROUP histories at a time
 *   limit spawn COUNT PARALLEL             /bin/true by posix_spawn(3)
 *
 * Prints how many it did in a second.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* The sizes in a job with one model call. */
enum { DROP_BYTES = 24, ACCEPTED_BYTES = 600, STARTED_BYTES = 160, OUTCOME_BYTES = 360, END_BYTES = 120, RESULT_BYTES = 800 };

static char text[4096];
static int root, inbox, processing, done;

static void fail(const char *what) {
    fprintf(stderr, "limit: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int checked(int result, const char *what) {
    if (result < 0) fail(what);
    return result;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void append(int file, size_t count) {
    if (write(file, text, count) != (ssize_t)count) fail("write");
}

static int directory(int parent, const char *name) {
    if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST) fail(name);
    return checked(openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), name);
}

static void open_spool(const char *path) {
    if (mkdir(path, 0700) < 0 && errno != EEXIST) fail(path);
    root = checked(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), path);
    inbox = directory(root, "inbox");
    processing = directory(root, "processing");
    done = directory(root, "done");
}

static void flush(int is_synced) {
    if (is_synced) checked(syncfs(root), "syncfs");
}

static void drain(const char *path, int jobs, int group, int is_synced) {
    open_spool(path);
    int *directories = calloc((size_t)group, sizeof(int)), *histories = calloc((size_t)group, sizeof(int));
    char drop[64], job[128];
    for (int i = 0; i < jobs; i++) {
        snprintf(drop, sizeof drop, "%08d.json", i);
        int file = checked(openat(inbox, drop, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644), "making a drop");
        append(file, DROP_BYTES);
        close(file);
    }
    checked(syncfs(root), "syncfs");
    double start = now();
    for (int first = 0; first < jobs; first += group) {
        int count = jobs - first < group ? jobs - first : group;
        for (int i = 0; i < count; i++) {
            snprintf(drop, sizeof drop, "%08d.json", first + i);
            snprintf(job, sizeof job, "01ARZ3NDEKTSV4RRFF%08d-%s", first + i, drop);
            checked(mkdirat(processing, job, 0700), "mkdir");
            directories[i] = checked(openat(processing, job, O_RDONLY | O_DIRECTORY | O_CLOEXEC), job);
            checked(renameat(inbox, drop, directories[i], "drop@default"), "rename");
            int file = checked(openat(directories[i], "drop@default", O_RDONLY | O_NOFOLLOW | O_CLOEXEC), "drop");
            if (read(file, text + DROP_BYTES, DROP_BYTES) != DROP_BYTES) fail("read");
            close(file);
            histories[i] = checked(
                openat(directories[i], "history.jsonl", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600), "history");
            append(histories[i], ACCEPTED_BYTES);
        }
        /* Makes the renames of the group before into done/ safe, too. */
        flush(is_synced);
        for (int i = 0; i < count; i++) {
            checked(renameat(directories[i], "drop@default", directories[i], "job.json"), "rename");
            append(histories[i], STARTED_BYTES);
            append(histories[i], OUTCOME_BYTES);
            append(histories[i], END_BYTES);
            int file = checked(
                openat(directories[i], "result.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), "result");
            append(file, RESULT_BYTES);
            close(file);
        }
        flush(is_synced);
        for (int i = 0; i < count; i++) {
            snprintf(drop, sizeof drop, "%08d.json", first + i);
            snprintf(job, sizeof job, "01ARZ3NDEKTSV4RRFF%08d-%s", first + i, drop);
            checked(renameat(processing, job, done, job), "rename");
            close(histories[i]);
            close(directories[i]);
        }
    }
    flush(is_synced);
    printf("%.1f\n", jobs / (now() - start));
}

static void steps(const char *path, int jobs, int count, int group) {
    open_spool(path);
    int *histories = calloc((size_t)group, sizeof(int));
    char job[64];
    double start = now();
    for (int first = 0; first < jobs; first += group) {
        int members = jobs - first < group ? jobs - first : group;
        for (int i = 0; i < members; i++) {
            snprintf(job, sizeof job, "%08d", first + i);
            histories[i] = checked(openat(processing, job, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600), job);
        }
        for (int step = 0; step < count; step++) {
            for (int i = 0; i < members; i++) {
                append(histories[i], STARTED_BYTES);
                append(histories[i], OUTCOME_BYTES);
            }
            flush(1);
        }
        for (int i = 0; i < members; i++) close(histories[i]);
    }
    printf("%.1f\n", (double)jobs * count / (now() - start));
}

static void spawn(int count, int parallel) {
    char *arguments[] = {"/bin/true", NULL};
    double start = now();
    int running = 0;
    for (int i = 0; i < count || running > 0;) {
        if (i < count && running < parallel) {
            pid_t pid;
            if ((errno = posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ)) != 0) fail("posix_spawn");
            i++, running++;
        } else {
            checked(wait(NULL), "wait");
            running--;
        }
    }
    printf("%.1f\n", count / (now() - start));
}

int main(int count, char **arguments) {
    memset(text, 'a', sizeof text);
    if (count == 6 && strcmp(arguments[1], "drain") == 0)
        drain(arguments[2], atoi(arguments[3]), atoi(arguments[4]), strcmp(arguments[5], "sync") == 0);
    else if (count == 6 && strcmp(arguments[1], "steps") == 0)
        steps(arguments[2], atoi(arguments[3]), atoi(arguments[4]), atoi(arguments[5]));
    else if (count == 4 && strcmp(arguments[1], "spawn") == 0)
        spawn(atoi(arguments[2]), atoi(arguments[3]));
    else {
        fprintf(stderr, "usage: limit drain DIR JOBS GROUP sync|off | steps DIR JOBS STEPS GROUP | spawn COUNT PARALLEL\n");
        return 64;
    }
    return 0;
}
