/* ctl_doctor.h - what `conclavectl check` looks at, and what it finds. */
#ifndef CONCLAVED_ADMIN_CTL_DOCTOR_H
#define CONCLAVED_ADMIN_CTL_DOCTOR_H

#include <sys/types.h>

#include "server/admin/ctl_context.h"
#include "server/options.h"

/* FAULT: the server does not work, or not safely. WARN: it works, but less well
 * or less safely than it could. */
enum doctor_level { DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAULT };

/* What is known before the first look. */
struct doctor {
	struct ctl *c;
	bool running;
	pid_t pid; /* of the server, or 0 */
	uid_t uid; /* that the server has, or would have */
	bool uid_known;
	bool sandbox; /* it was started with the sandbox */
	/* From its config file; of a running server, from itself. */
	struct server_options options;
	char *config, *record, *state; /* owned; NULL: not known */
	char *stuck;   /* why it cannot write; NULL: it can */
	bool database; /* a running server has one */
	unsigned n[3];		       /* findings of each level */
	int status;		       /* not EXIT_DONE: printing has failed */
};

/* Prints a finding; `cure` is what to do, or NULL. */
void doctor_find(struct doctor *d, enum doctor_level level, const char *what,
    const char *cure, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

void doctor_state(struct doctor *d);  /* the state directory and its files */
void doctor_config(struct doctor *d); /* also fills d->options */
void doctor_ports(struct doctor *d);
void doctor_system(struct doctor *d); /* clocks, limits, memory, sandbox */

#endif
