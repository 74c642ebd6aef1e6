#define _GNU_SOURCE
#include "process.h"

#include <sched.h>
#include <syslog.h>
#include <unistd.h>

pid_t millrace_fork(void) {
    return fork();
}

int millrace_cpu_count(void) {
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0) {
        int count = CPU_COUNT(&cores);
        if (count > 0) return count;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

void millrace_syslog(int priority, const char *text) {
    syslog(priority, "%s", text);
}
