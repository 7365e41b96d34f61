/* computing.c - the slow computations of a session. */
#include <stdio.h>

#include "client/computing.h"
#include "shared/base/secret.h"

/* A slow computation failed: `what` it was for, and how much memory it takes
 * at least. */
static void failed(
    struct computing *c, int err, const char *what, uint64_t memory)
{
	char text[256];

	if (err == ERR_NOMEM)
		snprintf(text, sizeof(text),
		    "there is not enough memory to %s, which takes %llu MiB "
		    "and a thread: close other programs, or raise the limit "
		    "(ulimit -v, ulimit -u)",
		    what, (unsigned long long)(memory >> 20) + 1);
	else
		snprintf(
		    text, sizeof(text), "cannot %s: %s", what, err_str(err));
	session_give_up(c->session, text);
}

static void stretch_failed(struct computing *c, int err)
{
	failed(c, err, "prove the password", 128 * c->job.kdf.n * c->job.kdf.r);
}

void computing_stretch(struct computing *c, uint64_t connection)
{
	int r;

	if (c->stretching && c->stretching_for == connection)
		return;
	c->stretching = true;
	c->stretching_for = connection;
	if ((r = session_kdf_job(c->session, &c->job)) != 0 ||
	    (r = jobs_stretch(c->jobs, c->password, session_account(c->session),
		 &c->job)) != 0)
		stretch_failed(c, r);
}

void computing_take(struct computing *c, uint64_t connection, uint64_t now_ms)
{
	uint8_t stretched[PAKE_STRETCHED];
	struct kem_rsa *kem = NULL;
	int r;

	jobs_clear(c->jobs);
	r = jobs_take_kem(c->jobs, &kem);
	if (r == 0)
		session_set_kem(c->session, kem);
	else if (r != ERR_AGAIN)
		failed(c, r, "make the RSA key pair", 0);
	r = jobs_take_stretched(c->jobs, stretched);
	/* Drop the result if its connection is gone. */
	if (r != ERR_AGAIN && c->stretching &&
	    c->stretching_for == connection) {
		if (r == 0)
			session_stretched(c->session, now_ms, stretched);
		else
			stretch_failed(c, r);
	}
	secret_wipe(stretched, sizeof(stretched));
}
