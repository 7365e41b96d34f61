/* accounts.c - the stored password record, which may be exchanged. */
#include "server/auth/accounts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "shared/base/oom.h"
#include "shared/base/secret.h"

/* One password. The current one, and those that exchanges still hold. */
struct account {
	struct kdf kdf;
	uint8_t salt[WIRE_NONCE];
	struct pake_record *record;
	size_t holders; /* views */
	LIST_ENTRY(account) entry;
};

struct accounts {
	uint8_t *secret;	    /* WIRE_KEY bytes; for fake salts */
	struct pake_record *nobody; /* a record that no password matches */
	pthread_mutex_t lock;	    /* of what follows */
	struct account *everyone;
	LIST_HEAD(, account) all;
};

static int account_new(struct account **out, const struct record_file *f)
{
	struct account *a = calloc(1, sizeof(*a));

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

static void account_free(struct account *a)
{
	LIST_REMOVE(a, entry);
	pake_record_free(a->record);
	free(a);
}

/* Makes a record of random bytes. */
static int record_of_nobody(struct pake_record **out, const struct rng *rng)
{
	uint8_t *random = secret_alloc(PAKE_STRETCHED);
	uint8_t w0[PAKE_SCALAR], w1[PAKE_SCALAR];
	int r;

	if (random == NULL)
		return ERR_NOMEM;
	oom_forget();
	if ((r = rng->fill(rng->arg, random, PAKE_STRETCHED)) == 0 &&
	    (r = pake_scalars(w0, w1, random)) == 0 &&
	    (*out = pake_record_new(w0, w1)) == NULL)
		r = oom_seen() ? ERR_NOMEM : ERR_CRYPTO;
	secret_wipe(w0, sizeof(w0));
	secret_wipe(w1, sizeof(w1));
	secret_free(random, PAKE_STRETCHED);
	return r;
}

int accounts_of_record(
    struct accounts **out, const struct rng *rng, const struct record_file *f)
{
	struct accounts *a = calloc(1, sizeof(*a));
	int r;

	if (a == NULL)
		return ERR_NOMEM;
	LIST_INIT(&a->all);
	if (pthread_mutex_init(&a->lock, NULL) != 0) {
		free(a);
		return ERR_NOMEM;
	}
	r = (a->secret = secret_alloc(WIRE_KEY)) != NULL ? 0 : ERR_NOMEM;
	if (r == 0 && (r = rng->fill(rng->arg, a->secret, WIRE_KEY)) == 0 &&
	    (r = record_of_nobody(&a->nobody, rng)) == 0 &&
	    (r = accounts_change(a, f)) == 0) {
		*out = a;
		return 0;
	}
	accounts_free(a);
	return r;
}

int accounts_new(struct accounts **out, const struct rng *rng, const void *pw,
    size_t pw_len, const struct kdf *kdf)
{
	struct record_file *f = secret_alloc(sizeof(*f));
	int r = ERR_NOMEM;

	if (f != NULL && (r = record_file_make(f, rng, pw, pw_len, kdf)) == 0)
		r = accounts_of_record(out, rng, f);
	secret_free(f, sizeof(*f));
	return r;
}

void accounts_free(struct accounts *a)
{
	if (a == NULL)
		return;
	while (!LIST_EMPTY(&a->all))
		account_free(LIST_FIRST(&a->all));
	pthread_mutex_destroy(&a->lock);
	pake_record_free(a->nobody);
	secret_free(a->secret, WIRE_KEY);
	free(a);
}

int accounts_change(struct accounts *a, const struct record_file *f)
{
	struct account *new, *old;
	int r = account_new(&new, f);

	if (r != 0)
		return r;
	pthread_mutex_lock(&a->lock);
	old = a->everyone;
	a->everyone = new;
	LIST_INSERT_HEAD(&a->all, new, entry);
	if (old != NULL && old->holders == 0)
		account_free(old);
	pthread_mutex_unlock(&a->lock);
	return 0;
}

static const struct account *hold(struct accounts_view *view)
{
	struct accounts *a = view->accounts;

	accounts_release(view);
	pthread_mutex_lock(&a->lock);
	view->held = a->everyone;
	view->held->holders++;
	pthread_mutex_unlock(&a->lock);
	return view->held;
}

void accounts_release(struct accounts_view *view)
{
	struct account *held = view->held;
	struct accounts *a = view->accounts;

	if (held == NULL)
		return;
	view->held = NULL;
	pthread_mutex_lock(&a->lock);
	held->holders--;
	if (held->holders == 0 && held != a->everyone)
		account_free(held);
	pthread_mutex_unlock(&a->lock);
}

/* An unknown name's salt is computed for a known name too, so that the time
 * does not tell them apart. All unknown names share one record: a client
 * sees only points of it, which its mask makes random. */
int accounts_find(void *arg, const char *name, struct hs_account *out)
{
	struct accounts_view *view = arg;
	const struct accounts *a = view->accounts;
	const struct part part = {name, strlen(name)};
	bool known = strcmp(name, "*") == 0;
	const struct account *everyone;
	uint8_t salt[WIRE_HASH];
	int r;

	if ((r = crypto_hmac(
		 view->crypto, salt, a->secret, WIRE_KEY, &part, 1)) != 0)
		return r;
	everyone = hold(view);
	out->kdf = everyone->kdf;
	memcpy(out->salt, known ? everyone->salt : salt, sizeof(out->salt));
	out->record = known ? everyone->record : a->nobody;
	return 0;
}
