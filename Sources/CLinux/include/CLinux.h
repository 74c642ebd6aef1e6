#ifndef MILLRACE_CLINUX_H
#define MILLRACE_CLINUX_H

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "process.h"

#endif
