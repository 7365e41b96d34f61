/* jobs.c - runs RSA key generation and scrypt in background threads. */
#include "client/jobs.h"

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

/* A thread and its state. The lock protects `done`. Everything else belongs to
 * the thread while it runs, and to the event loop otherwise. */
struct task {
	pthread_t thread;
	bool started; /* the thread must be joined */
	bool done;
	int result;
};

/* What is stretched, and how. */
struct stretch {
	struct buf password; /* secret */
	char account[WIRE_NAME_MAX + 1];
	struct hs_kdf_job job;
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
	struct stretch now;
	uint8_t *stretched; /* secret, PAKE_STRETCHED bytes; shared with the
			       thread */
	bool queued;	    /* `next` waits for the thread */
	struct stretch next;
	/* a record */
	struct task recording;
	struct stretch own;
	struct jobs_record *record; /* secret; shared with the thread */
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

static int stretch(uint8_t out[PAKE_STRETCHED], const struct stretch *s)
{
	return pake_stretch(out, s->password.p, s->password.len, s->account,
	    WIRE_PROTOCOL, s->job.salt, &s->job.kdf);
}

static void *kdf_main(void *arg)
{
	struct jobs *w = arg;

	finish(w, &w->kdf, stretch(w->stretched, &w->now));
	return NULL;
}

static void *record_main(void *arg)
{
	uint8_t *stretched = secret_alloc(PAKE_STRETCHED + PAKE_SCALAR), *w1;
	struct pake_record *record = NULL;
	struct jobs *w = arg;
	int r = stretched == NULL ? ERR_NOMEM : stretch(stretched, &w->own);

	w1 = stretched != NULL ? stretched + PAKE_STRETCHED : NULL;
	if (r == 0 && (r = pake_scalars(w->record->w0, w1, stretched)) == 0) {
		record = pake_record_new(w->record->w0, w1);
		r = record == NULL ? ERR_CRYPTO : 0;
	}
	if (record != NULL)
		memcpy(w->record->l, pake_record_l(record), WIRE_SHARE);
	pake_record_free(record);
	secret_free(stretched, PAKE_STRETCHED + PAKE_SCALAR);
	finish(w, &w->recording, r);
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
	w->record = secret_alloc(sizeof(*w->record));
	buf_init_secret(&w->now.password, WIRE_PASSWORD_MAX);
	buf_init_secret(&w->next.password, WIRE_PASSWORD_MAX);
	buf_init_secret(&w->own.password, WIRE_PASSWORD_MAX);
	if (w->fd < 0) {
		errmsg_errno(why, ERR_NOMEM, errno, "cannot start a thread");
	} else if (w->stretched == NULL || w->record == NULL) {
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
	join(&w->recording);
	kem_rsa_free(w->wrap);
	secret_free(w->stretched, PAKE_STRETCHED);
	secret_free(w->record, sizeof(*w->record));
	buf_free(&w->now.password);
	buf_free(&w->next.password);
	buf_free(&w->own.password);
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

static bool same(const struct stretch *a, const struct stretch *b)
{
	return a->job.kdf.n == b->job.kdf.n && a->job.kdf.r == b->job.kdf.r &&
	       a->job.kdf.p == b->job.kdf.p &&
	       memcmp(a->job.salt, b->job.salt, sizeof(a->job.salt)) == 0 &&
	       strcmp(a->account, b->account) == 0 &&
	       a->password.len == b->password.len &&
	       secret_equal(a->password.p, b->password.p, a->password.len);
}

static int fill(struct stretch *s, const struct buf *password,
    const char *account, const struct hs_kdf_job *job)
{
	buf_clear(&s->password);
	snprintf(s->account, sizeof(s->account), "%s", account);
	s->job = *job;
	return buf_put(&s->password, password->p, password->len);
}

int jobs_stretch(struct jobs *w, const struct buf *password,
    const char *account, const struct hs_kdf_job *job)
{
	int r;

	w->queued = false;
	if (!w->kdf.started) {
		r = fill(&w->now, password, account, job);
		return r != 0 ? r : start(w, &w->kdf, kdf_main);
	}
	/* The connection that this job was for is gone. Its result is still of
	 * use if the same is asked for. */
	if ((r = fill(&w->next, password, account, job)) != 0)
		return r;
	w->queued = !same(&w->now, &w->next);
	return 0;
}

int jobs_take_stretched(struct jobs *w, uint8_t out[PAKE_STRETCHED])
{
	int r;

	if (!w->kdf.started || !is_done(w, &w->kdf))
		return ERR_AGAIN;
	join(&w->kdf);
	if (w->queued) {
		w->queued = false;
		r = fill(
		    &w->now, &w->next.password, w->next.account, &w->next.job);
		if (r == 0)
			r = start(w, &w->kdf, kdf_main);
		return r == 0 ? ERR_AGAIN : r;
	}
	memcpy(out, w->stretched, PAKE_STRETCHED);
	secret_wipe(w->stretched, PAKE_STRETCHED);
	return w->kdf.result;
}

int jobs_record(struct jobs *w, const struct buf *password, const char *account,
    const struct hs_kdf_job *job)
{
	int r;

	if (w->recording.started)
		return ERR_STATE;
	r = fill(&w->own, password, account, job);
	return r != 0 ? r : start(w, &w->recording, record_main);
}

int jobs_take_record(struct jobs *w, struct jobs_record *out)
{
	if (!w->recording.started || !is_done(w, &w->recording))
		return ERR_AGAIN;
	join(&w->recording);
	memcpy(out, w->record, sizeof(*out));
	secret_wipe(w->record, sizeof(*w->record));
	buf_clear(&w->own.password);
	return w->recording.result;
}
