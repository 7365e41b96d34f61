/* store_main.c - forks the keeper, starts the store, and ends both. */
#include "server/store_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/priority.h"
#include "server/store/blob_dir.h"
#include "server/store/blob_keeper.h"
#include "server/store/blob_store.h"
#include "server/store/warden.h"
#include "shared/os/harden.h"

enum { END_MS = 5000, FILES_NICE = 10 };

/* --- in the new processes --------------------------------------------------- */

static bool sandboxed(const struct store_main *m)
{
	return !m->options->no_sandbox && !harden_measured();
}

static int begin(void *arg)
{
	struct store_main *m = arg;

	buf_free(&m->options->password);
	return harden_measured()
		   ? 0
		   : server_sandbox_state_process(m->user, m->options, m->log);
}

static int confine_warden(void *arg)
{
	struct store_main *m = arg;

	return sandboxed(m) ? server_sandbox_warden_calls(m->log) : 0;
}

static int confine_keeper(void *arg)
{
	struct store_main *m = arg;

	return sandboxed(m) ? server_sandbox_keeper_calls(m->log) : 0;
}

static int begin_files(void *arg)
{
	struct store_main *m = arg;

	priority_patient(FILES_NICE); /* chat goes first */
	buf_free(&m->options->password);
	return harden_measured() ? 0
				 : server_sandbox_files_process(m->user,
				       m->options, m->files_dir, m->log);
}

static int confine_files(void *arg)
{
	struct store_main *m = arg;

	return sandboxed(m) ? server_sandbox_files_calls(m->log) : 0;
}

/* --- in the relay -------------------------------------------------------------- */

static int fork_files(struct store_main *m)
{
	const struct warden_opts o = {.keeper = {.log = m->log},
	    .run = blob_keeper_run,
	    .title = "conclaved: files",
	    .name = "conclave-files",
	    .who = "the process for files",
	    .limits = {begin_files, confine_warden, confine_files, m},
	    .argv = m->argv};
	struct warden_opts with = o;

	if (asprintf(&m->files_dir, "%s/" BLOB_DIR_NAME,
		m->options->state_dir) < 0) {
		m->files_dir = NULL;
		return ERR_NOMEM;
	}
	with.keeper.dir = m->files_dir;
	return warden_start(&with, &m->files_fd);
}

int store_main_fork(struct store_main *m)
{
	const struct warden_opts o = {.keeper = {.dir = m->options->state_dir,
					  .sync_full = m->options->sync_full,
					  .log = m->log},
	    .run = keeper_run,
	    .title = "conclaved: keeper",
	    .name = "conclave-keeper",
	    .who = "the keeper",
	    .limits = {begin, confine_warden, confine_keeper, m},
	    .argv = m->argv};
	int r = warden_start(&o, &m->fd);

	return r == 0 && m->options->files.all != 0 ? fork_files(m) : r;
}

static int open_files(void *arg, struct blob_store **out)
{
	struct store_main *m = arg;
	struct blob_limits l = server_options_files(m->options);
	int fd = m->files_fd;

	*out = NULL;
	if (fd < 0)
		return 0;
	m->files_fd = -1;
	*out = m->files = blob_store_start(fd, &l, m->log);
	return m->files != NULL ? 0 : ERR_NOMEM;
}

static int open_store(
    void *arg, const struct store_events *events, struct store **out)
{
	struct store_main *m = arg;
	int fd = m->fd;

	*out = NULL;
	if (fd < 0)
		return 0;
	m->fd = -1;
	*out = m->store = store_start(fd, events, m->log);
	return m->store != NULL ? 0 : ERR_NOMEM;
}

static void end_store(void *arg)
{
	store_main_end(arg);
}

struct server_store store_main_of(struct store_main *m)
{
	return (struct server_store){open_store, open_files, end_store, m};
}

void store_main_end(struct store_main *m)
{
	bool all = store_free(m->store, END_MS);

	blob_store_free(m->files);
	m->store = NULL;
	m->files = NULL;
	if (m->files_fd >= 0)
		close(m->files_fd);
	m->files_fd = -1;
	free(m->files_dir);
	m->files_dir = NULL;
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
	if (all)
		return;
	m->failed = true;
	logger_error(m->log, "store",
	    "the last changes could not be written to the database; nobody was "
	    "told that they were kept");
}
