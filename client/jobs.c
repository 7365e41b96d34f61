/* jobs.c - runs RSA key generation and scrypt in background threads. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "shared/base/oom.h"
#include "shared/base/secret.h"
#include "client/sandbox.h"
#include "client/jobs.h"

/* A thread and its state. The lock protects `done`. Everything else belongs to
 * the thread while it runs, and to the event loop otherwise. */
struct task {
	pthread_t thread;
	bool started; /* the thread must be joined */
	bool done;
	int result;
};

struct jobs {
	int fd; /* eventfd */
	pthread_mutex_t lock;
	/* RSA */
	struct task rsa;
	unsigned bits;
	struct kem_rsa *wrap;
	/* scrypt */
	struct task kdf;
	const struct buf *password; /* borrowed */
	char account[WIRE_NAME_MAX + 1];
	struct hs_kdf_job job; /* the running job */
	uint8_t *stretched;    /* secret, PAKE_STRETCHED bytes; shared with
				  the thread */
	bool queued;	       /* `next` waits for the thread */
	struct hs_kdf_job next;
};

static void finish(struct jobs *w, struct task *t, int result)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&w->lock);
	t->result = result;
	t->done = true;
	pthread_mutex_unlock(&w->lock);
	/* Cannot fail: the eventfd counter never gets near 2^64. */
	(void)!write(w->fd, &one, sizeof(one));
}

static void *rsa_main(void *arg)
{
	struct jobs *w = arg;

	/* This thread starts before the main sandbox, so it enters its own;
	 * generating a key needs no file. */
	client_sandbox_enter_thread();
	oom_forget();
	w->wrap = kem_rsa_new(w->bits);
	finish(w, &w->rsa,
	    w->wrap != NULL ? 0
	    : oom_seen()    ? ERR_NOMEM
			    : ERR_CRYPTO);
	return NULL;
}

static void *kdf_main(void *arg)
{
	struct jobs *w = arg;

	finish(w, &w->kdf,
	    pake_stretch(w->stretched, w->password->p, w->password->len,
		w->account, WIRE_PROTOCOL, w->job.salt, &w->job.kdf));
	return NULL;
}

/* Starts a thread with all signals blocked: the event loop handles them. */
static int start(struct jobs *w, struct task *t, void *(*fn)(void *))
{
	sigset_t all, before;
	int r;

	t->done = false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&t->thread, NULL, fn, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	t->started = r == 0;
	return r == 0 ? 0 : ERR_NOMEM;
}

static bool is_done(struct jobs *w, struct task *t)
{
	bool done;

	pthread_mutex_lock(&w->lock);
	done = t->done;
	pthread_mutex_unlock(&w->lock);
	return done;
}

static void join(struct task *t)
{
	if (t->started)
		pthread_join(t->thread, NULL);
	t->started = false;
}

struct jobs *jobs_new(unsigned rsa_bits, struct errmsg *why)
{
	struct jobs *w = calloc(1, sizeof(*w));

	if (w == NULL) {
		errmsg_set(why, ERR_NOMEM, "out of memory");
		return NULL;
	}
	pthread_mutex_init(&w->lock, NULL);
	w->bits = rsa_bits;
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->stretched = secret_alloc(PAKE_STRETCHED);
	if (w->fd < 0) {
		errmsg_errno(why, ERR_NOMEM, errno, "cannot start a thread");
	} else if (w->stretched == NULL) {
		errmsg_set(why, ERR_NOMEM, "out of memory");
	} else if (start(w, &w->rsa, rsa_main) != 0) {
		errmsg_set(why, ERR_NOMEM,
		    "cannot start a thread, for lack of memory or of "
		    "processes: close other programs, or raise the limit "
		    "(ulimit -v, ulimit -u)");
	} else {
		return w;
	}
	jobs_free(w);
	return NULL;
}

void jobs_free(struct jobs *w)
{
	if (w == NULL)
		return;
	join(&w->rsa);
	join(&w->kdf);
	kem_rsa_free(w->wrap);
	secret_free(w->stretched, PAKE_STRETCHED);
	if (w->fd >= 0)
		close(w->fd);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

int jobs_fd(const struct jobs *w)
{
	return w->fd;
}

void jobs_clear(struct jobs *w)
{
	uint64_t n;

	(void)!read(w->fd, &n, sizeof(n)); /* empty is fine */
}

int jobs_take_kem(struct jobs *w, struct kem_rsa **out)
{
	if (!w->rsa.started || !is_done(w, &w->rsa))
		return ERR_AGAIN;
	join(&w->rsa);
	*out = w->wrap;
	w->wrap = NULL;
	return w->rsa.result;
}

static bool same_job(const struct hs_kdf_job *a, const struct hs_kdf_job *b)
{
	return a->kdf.n == b->kdf.n && a->kdf.r == b->kdf.r &&
	       a->kdf.p == b->kdf.p &&
	       memcmp(a->salt, b->salt, sizeof(a->salt)) == 0;
}

static int kdf_start(struct jobs *w, const struct hs_kdf_job *job)
{
	w->job = *job;
	w->queued = false;
	return start(w, &w->kdf, kdf_main);
}

int jobs_stretch(struct jobs *w, const struct buf *password,
    const char *account, const struct hs_kdf_job *job)
{
	if (!w->kdf.started) {
		w->password = password;
		snprintf(w->account, sizeof(w->account), "%s", account);
		return kdf_start(w, job);
	}
	/* The connection this job was for is gone. The password is the same, so
	 * its result is still usable if the salt is the same. */
	w->queued = !same_job(&w->job, job);
	w->next = *job;
	return 0;
}

int jobs_take_stretched(struct jobs *w, uint8_t out[PAKE_STRETCHED])
{
	int r;

	if (!w->kdf.started || !is_done(w, &w->kdf))
		return ERR_AGAIN;
	join(&w->kdf);
	if (w->queued) {
		r = kdf_start(w, &w->next);
		return r == 0 ? ERR_AGAIN : r;
	}
	memcpy(out, w->stretched, PAKE_STRETCHED);
	secret_wipe(w->stretched, PAKE_STRETCHED);
	return w->kdf.result;
}
