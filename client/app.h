/* app.h - the running client: one poll(2) loop that ties the socket, the slow
 * computations, the session and the face. */
#ifndef CONCLAVE_APP_H
#define CONCLAVE_APP_H

#include "client/helper.h"
#include "client/ui/ui.h"
#include "client/setup.h"
#include "client/jobs.h"

struct app_opts {
	const struct client_options *options; /* all borrowed */
	struct setup *setup;
	struct jobs *jobs;
	struct crypto *crypto;
	const struct ui_ops *ui;
	struct helper *helper; /* NULL: there is none */
	bool ascii, color;
	bool sandboxed; /* enter the cage (cage.h) once all is open */
};

/* Runs until the end; returns the exit status. Why it ended, when that is not
 * the user's wish, is said on standard error. Signals that end the program
 * are taken for as long as it runs, and stay blocked after it. */
int app_run(const struct app_opts *o);

#endif
