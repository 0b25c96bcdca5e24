/* A loop that lets every held call go on: `gate_floor LISTENER [LEDGER]`.

With a ledger it first makes the system calls that the gate makes for a program start, in their
order (`strace -p` on the gate process lists them), and judges nothing: what lies between this and
the gate is the gate's own thinking, in Python.  The rest goes on unread all the same. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifdef SYS_arch_prctl
#define BEFORE_MAIN SYS_arch_prctl
#else
#define BEFORE_MAIN SYS_set_tid_address
#endif

static int ledger = -1, known = -1;
static char room[65536], line[512];

static int opened(int pid, const char *what, int flags) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
    return open(path, flags | O_CLOEXEC);
}

static void taken(int pid, const char *what) {
    int fd = opened(pid, what, O_RDONLY);
    if (read(fd, room, 16384) < 0) perror(what);
    close(fd);
}

static void memory(int pid, uint64_t at, size_t size) {
    struct iovec ours = {room, sizeof room}, theirs = {(void *)at, size};
    process_vm_readv(pid, &ours, 1, &theirs, 1, 0);
}

static size_t short_of(uint64_t at) {
    size_t left = 4096 - at % 4096;
    return left < 256 ? left : 256;
}

/* The caller, path, arguments, the object and its name, the folder, the parent's lifetime, whether
   the session is closed, and the record. */
static void start(int pid, uint64_t path, uint64_t argv) {
    char name[256], way[64], shown[256] = {0}, cwd[256] = {0};
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    struct statfs file_system;
    struct stat found;
    uint64_t first;
    taken(pid, "stat");
    memory(pid, path, short_of(path));
    snprintf(name, sizeof name, "%.255s", room);
    memory(pid, argv, short_of(argv));
    memcpy(&first, room, sizeof first);
    memory(pid, first, short_of(first));
    int root = opened(pid, "root", O_PATH);
    int image = syscall(SYS_openat2, root, name, &how, sizeof how);
    fstatfs(image, &file_system);
    fstat(image, &found);
    snprintf(way, sizeof way, "/proc/self/fd/%d", image);
    if (readlink(way, shown, sizeof shown - 1) < 0 && image >= 0) perror(way);
    lstat(shown, &found);
    snprintf(way, sizeof way, "/proc/%d/cwd", pid);
    if (readlink(way, cwd, sizeof cwd - 1) < 0) perror(way);
    close(image);
    access("/tmp/no/such/session/is/closed", F_OK);
    struct pollfd parent = {known, POLLIN, 0};
    poll(&parent, 1, 0);
    int size = snprintf(line, sizeof line, "%-200.200s%.30s\n", shown, cwd);
    if (write(ledger, line, size) != size) exit(1);
    close(root);
}

/* The second look: is it the image that was judged, with the arguments that were judged? */
static void seen(int pid) {
    char way[64];
    struct stat found;
    snprintf(way, sizeof way, "/proc/%d/exe", pid);
    stat(way, &found);
    taken(pid, "cmdline");
}

int main(int argc, char **argv) {
    int fd = atoi(argv[1]);
    struct seccomp_notif got;
    struct seccomp_notif_resp said;
    struct pollfd both[2] = {{fd, POLLIN, 0}, {-1, POLLIN, 0}};
    if (argc > 2) ledger = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    known = syscall(SYS_pidfd_open, getppid(), 0);
    for (;;) {
        poll(both, 2, -1);
        if (!(both[0].revents & POLLIN)) return 0;
        memset(&got, 0, sizeof got);
        if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &got)) continue;
        if (ledger >= 0 && got.data.nr == SYS_execve)
            start(got.pid, got.data.args[0], got.data.args[1]);
        else if (ledger >= 0 && got.data.nr == BEFORE_MAIN)
            seen(got.pid);
        memset(&said, 0, sizeof said);
        said.id = got.id;
        said.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &said);
    }
}
