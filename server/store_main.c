/* store_main.c - forks the keeper, starts the store, and ends both. */
#include "server/store_main.h"

#include <unistd.h>

#include "server/store/warden.h"
#include "shared/os/harden.h"

enum { END_MS = 5000 };

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

/* --- in the relay -------------------------------------------------------------- */

int store_main_fork(struct store_main *m)
{
	const struct warden_opts o = {.keeper = {.dir = m->options->state_dir,
					  .sync_full = m->options->sync_full,
					  .log = m->log},
	    .limits = {begin, confine_warden, confine_keeper, m},
	    .argv = m->argv};

	return warden_start(&o, &m->fd);
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
	return (struct server_store){open_store, end_store, m};
}

void store_main_end(struct store_main *m)
{
	bool all = store_free(m->store, END_MS);

	m->store = NULL;
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
