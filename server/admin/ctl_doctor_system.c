/* ctl_doctor_system.c - checks clocks, limits, memory and the kernel's part of
 * the sandbox. */
#include <errno.h>
#include <inttypes.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "server/admin/ctl_doctor.h"
#include "server/net/limits.h"
#include "shared/base/secret.h"

/* 2026-01-01: this program is not older. */
#define OLDEST INT64_C(1767225600)

enum {
	LOCKED_PAGES = 1 << 20, /* bytes of keys outside of the heap */
	FDS_SPARE = 32,
	FDS_WORKER = 3,
};

/* --- clocks --------------------------------------------------------------- */

static void look_at_clock(struct doctor *d)
{
	struct timex t = {.modes = 0};
	time_t now = time(NULL);

	if (now < OLDEST) {
		doctor_find(d, DOCTOR_FAULT, "clock",
		    "set it: timedatectl set-time, or start an NTP service",
		    "it says that it is before 2026: tickets and the log are "
		    "wrong");
		return;
	}
	if (adjtimex(&t) < 0)
		return; /* a container may forbid it */
	if ((t.status & STA_UNSYNC) != 0)
		doctor_find(d, DOCTOR_WARN, "clock",
		    "start systemd-timesyncd or chrony",
		    "nothing keeps this machine's clock right (NTP)");
	else
		doctor_find(d, DOCTOR_OK, "clock", NULL, "it is synchronised");
}

/* --- limits --------------------------------------------------------------- */

/* A row of /proc/PID/limits; or this process's own, which a server started from
 * here would have. -1: no limit, or it cannot be read. */
static int64_t limit_of(const struct doctor *d, const char *name, int resource)
{
	char path[64], line[256];
	int64_t soft = -1, hard = -1;
	struct rlimit own;
	FILE *f;

	if (d->pid == 0)
		return getrlimit((__rlimit_resource_t)resource, &own) != 0 ||
			       own.rlim_max == RLIM_INFINITY
			   ? -1
			   : (int64_t)own.rlim_max;
	snprintf(path, sizeof(path), "/proc/%d/limits", (int)d->pid);
	if ((f = fopen(path, "re")) == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0 &&
		    sscanf(line + strlen(name), "%" SCNd64 " %" SCNd64, &soft,
			&hard) < 1)
			soft = -1;
	fclose(f);
	return soft;
}

static void look_at_limits(struct doctor *d)
{
	const struct server_options *o = &d->options;
	int64_t fds = limit_of(d, "Max open files", RLIMIT_NOFILE);
	int64_t locked = limit_of(d, "Max locked memory", RLIMIT_MEMLOCK);
	int64_t want_fds = (int64_t)o->users_max +
			   2 * (int64_t)o->handshakes_max + LIMIT_CLOSING +
			   LIMIT_IN_TRANSIT + FDS_SPARE +
			   (int64_t)o->workers * FDS_WORKER;
	int64_t want_locked =
	    (int64_t)secret_heap(2 * (size_t)o->handshakes_max) + LOCKED_PAGES;

	if (fds >= 0 && fds < want_fds)
		doctor_find(d, DOCTOR_WARN, "open files",
		    "LimitNOFILE= in the unit, or ulimit -n; or smaller "
		    "--max-users and --handshakes",
		    "the limit is %" PRId64 ", and --max-users with "
		    "--handshakes may need %" PRId64,
		    fds, want_fds);
	else
		doctor_find(d, DOCTOR_OK, "open files", NULL,
		    "the limit is enough for --max-users and --handshakes");
	if (locked >= 0 && locked < want_locked && geteuid() != 0)
		doctor_find(d, DOCTOR_WARN, "locked memory",
		    "LimitMEMLOCK=64M in the unit, or ulimit -l; or encrypt "
		    "the swap space",
		    "the limit is %" PRId64 " KiB, and keys may need %" PRId64
		    ": they may be written to the swap space",
		    locked >> 10, want_locked >> 10);
	else
		doctor_find(d, DOCTOR_OK, "locked memory", NULL,
		    "the limit is enough for the keys");
}

/* --- memory --------------------------------------------------------------- */

static void look_at_memory(struct doctor *d)
{
	struct sysinfo s;
	uint64_t all;

	if (sysinfo(&s) != 0)
		return;
	all = (uint64_t)s.totalram * s.mem_unit;
	if (d->options.memory_max > all / 4 * 3)
		doctor_find(d, DOCTOR_WARN, "memory", "a smaller --max-memory",
		    "--max-memory is %" PRIu64 " MiB, and this machine has "
		    "%" PRIu64 ": the kernel may kill the server",
		    d->options.memory_max >> 20, all >> 20);
	else
		doctor_find(d, DOCTOR_OK, "memory", NULL,
		    "--max-memory is %" PRIu64 " MiB of this machine's "
		    "%" PRIu64,
		    d->options.memory_max >> 20, all >> 20);
}

/* --- the sandbox ---------------------------------------------------------- */

/* A number of /proc/PID/status; -1: it cannot be read. */
static int status_of(const struct doctor *d, const char *name)
{
	char path[64], line[256];
	int value = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status",
	    d->pid != 0 ? (int)d->pid : (int)getpid());
	if ((f = fopen(path, "re")) == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			(void)sscanf(line + strlen(name), "%d", &value);
	fclose(f);
	return value;
}

static void look_at_sandbox(struct doctor *d)
{
	int seccomp = status_of(d, "Seccomp:");
	long landlock = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	if (!d->sandbox)
		doctor_find(d, DOCTOR_FAULT, "sandbox",
		    "start it without --no-sandbox",
		    "the server runs without its sandbox: somebody who takes "
		    "it "
		    "over can do everything that its user can");
	else if (d->running && seccomp >= 0 && seccomp != 2)
		doctor_find(d, DOCTOR_WARN, "sandbox",
		    "use a kernel with seccomp filters",
		    "no filter of system calls holds the server");
	else
		doctor_find(d, DOCTOR_OK, "sandbox", NULL,
		    d->running ? "it is on" : "it will be on");
	if (landlock < 1)
		doctor_find(d, DOCTOR_WARN, "sandbox",
		    "use Linux 5.13 or newer, with landlock in lsm=",
		    "this kernel has no Landlock (%s): a server that is taken "
		    "over can read all files of its user",
		    strerror(errno));
}

void doctor_system(struct doctor *d)
{
	look_at_clock(d);
	look_at_limits(d);
	look_at_memory(d);
	look_at_sandbox(d);
}
