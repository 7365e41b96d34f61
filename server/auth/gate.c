/* gate.c - the gate's password record, which may be exchanged, and the records
 * of accounts and invites for handshakes. */
#include "server/auth/gate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "shared/base/oom.h"
#include "shared/base/secret.h"
#include "shared/os/clock.h"

/* One password. The current one, and those that exchanges still hold. */
struct password {
	struct kdf kdf;
	uint8_t salt[WIRE_NONCE];
	struct pake_record *record;
	size_t holders; /* views */
	LIST_ENTRY(password) entry;
};

struct gate {
	pthread_mutex_t lock;	    /* of what follows */
	struct password *everyone;
	LIST_HEAD(, password) all;
};

static int password_of(struct password **out, const struct record_file *f)
{
	struct password *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return ERR_NOMEM;
	a->kdf = f->kdf;
	memcpy(a->salt, f->salt, sizeof(a->salt));
	oom_forget();
	if ((a->record = pake_record_from_l(f->w0, f->l)) == NULL) {
		free(a);
		return oom_seen() ? ERR_NOMEM : ERR_CRYPTO;
	}
	*out = a;
	return 0;
}

static void password_free(struct password *a)
{
	LIST_REMOVE(a, entry);
	pake_record_free(a->record);
	free(a);
}

int gate_of_record(struct gate **out, const struct record_file *f)
{
	struct gate *a = calloc(1, sizeof(*a));
	int r;

	if (a == NULL)
		return ERR_NOMEM;
	LIST_INIT(&a->all);
	if (pthread_mutex_init(&a->lock, NULL) != 0) {
		free(a);
		return ERR_NOMEM;
	}
	if ((r = gate_change(a, f)) == 0) {
		*out = a;
		return 0;
	}
	gate_free(a);
	return r;
}

int gate_new(struct gate **out, const struct rng *rng, const void *pw,
    size_t pw_len, const struct kdf *kdf)
{
	struct record_file *f = secret_alloc(sizeof(*f));
	int r = ERR_NOMEM;

	if (f != NULL && (r = record_file_make(f, rng, pw, pw_len, kdf)) == 0)
		r = gate_of_record(out, f);
	secret_free(f, sizeof(*f));
	return r;
}

void gate_free(struct gate *a)
{
	if (a == NULL)
		return;
	while (!LIST_EMPTY(&a->all))
		password_free(LIST_FIRST(&a->all));
	pthread_mutex_destroy(&a->lock);
	free(a);
}

int gate_change(struct gate *a, const struct record_file *f)
{
	struct password *new, *old;
	int r = password_of(&new, f);

	if (r != 0)
		return r;
	pthread_mutex_lock(&a->lock);
	old = a->everyone;
	a->everyone = new;
	LIST_INSERT_HEAD(&a->all, new, entry);
	if (old != NULL && old->holders == 0)
		password_free(old);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

static const struct password *hold(struct gate_view *view)
{
	struct gate *a = view->gate;

	gate_release(view);
	pthread_mutex_lock(&a->lock);
	view->held = a->everyone;
	view->held->holders++;
	pthread_mutex_unlock(&a->lock);
	return view->held;
}

void gate_release(struct gate_view *view)
{
	struct password *held = view->held;
	struct gate *a = view->gate;

	pake_record_free(view->made);
	account_record_unref(view->own);
	view->made = NULL;
	view->own = NULL;
	if (held == NULL)
		return;
	view->held = NULL;
	pthread_mutex_lock(&a->lock);
	held->holders--;
	if (held->holders == 0 && held != a->everyone)
		password_free(held);
	pthread_mutex_unlock(&a->lock);
}

int gate_find(void *arg, const char *word, struct hs_account *out)
{
	struct gate_view *view = arg;
	const struct password *everyone;
	int r;

	if (strcmp(word, "*") == 0) {
		everyone = hold(view);
		out->kdf = everyone->kdf;
		memcpy(out->salt, everyone->salt, sizeof(out->salt));
		out->record = everyone->record;
		return 0;
	}
	gate_release(view);
	if ((r = accounts_record(view->accounts, view->crypto, word,
		 clock_real_ms() / 1000, &view->own)) != 0)
		return r;
	out->kdf = *account_record_kdf(view->own);
	account_record_salt(view->own, out->salt);
	out->record = NULL;
	return 0;
}

int gate_open(void *arg, struct hs_account *about)
{
	struct gate_view *view = arg;

	if (view->own == NULL)
		return ERR_STATE;
	if (view->made == NULL &&
	    (view->made = account_record_open(view->own)) == NULL)
		return ERR_NOMEM;
	about->record = view->made;
	return 0;
}
