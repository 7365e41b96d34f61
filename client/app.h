/* app.h - the running client: one poll(2) loop over the socket, the slow
 * computations, the session and the user interface. */
#ifndef CONCLAVE_APP_H
#define CONCLAVE_APP_H

#include "client/files.h"
#include "client/helper.h"
#include "client/ui/ui.h"
#include "client/setup.h"
#include "client/jobs.h"
#include "client/parallel.h"

struct app_opts {
	struct client_options *options; /* all borrowed */
	struct setup *setup;
	struct jobs *jobs;
	struct parallel *parallel;
	struct crypto *crypto;
	enum hs_pq pq;
	const struct ui_ops *ui;
	struct helper *exports; /* NULL: this process writes them */
	struct helper *transcripts; /* NULL: this process opens them */
	struct files *files;
	struct helper *names;
	struct helper *editor; /* NULL: no user interface that starts one */
	bool ascii, color;
	bool sandboxed; /* enter the sandbox once everything is open */
};

/* Runs until the end and returns the exit status. Unless the user wanted it, the
 * reason goes to standard error. SIGINT, SIGTERM, SIGHUP and SIGWINCH are read
 * from a descriptor meanwhile, and stay blocked afterwards. */
int app_run(const struct app_opts *o);

#endif
