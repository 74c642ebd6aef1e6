#ifndef MILLRACE_PROCESS_H
#define MILLRACE_PROCESS_H

#include <sys/signalfd.h>
#include <sys/types.h>

// fork(2), which Swift does not import. Only before the process has threads.
pid_t millrace_fork(void);

// The number of cores that this process may run on; at least 1.
int millrace_cpu_count(void);

// syslog(3) without its variable arguments; the text is not a format.
void millrace_syslog(int priority, const char *text);

#endif
