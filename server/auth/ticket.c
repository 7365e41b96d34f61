/* ticket.c - makes and opens tickets, and remembers which were used. */
#include "server/auth/ticket.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "shared/base/secret.h"

enum { PLAIN = 4 + 8 + WIRE_ED25519 + WIRE_KEY, FORMAT = 2 };
_Static_assert((int)WIRE_IV + (int)PLAIN + (int)WIRE_TAG == (int)WIRE_TICKET,
    "the size of a ticket");

/* A used ticket, by its iv. Only what opened under our key gets here, so nobody
 * chooses the numbers. */
struct used {
	uint8_t iv[WIRE_IV];
	LIST_ENTRY(used) chain;
	TAILQ_ENTRY(used) by_age;
};

struct tickets {
	uint8_t *key;	      /* secret, WIRE_KEY bytes */
	pthread_mutex_t lock; /* for everything below */
	LIST_HEAD(, used) table[TICKET_USED];
	TAILQ_HEAD(, used) by_age; /* oldest first */
	size_t n;
};

struct tickets *tickets_new(const uint8_t *key)
{
	struct tickets *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	TAILQ_INIT(&k->by_age);
	if (pthread_mutex_init(&k->lock, NULL) != 0) {
		free(k);
		return NULL;
	}
	if ((k->key = secret_alloc(WIRE_KEY)) == NULL) {
		tickets_free(k);
		return NULL;
	}
	memcpy(k->key, key, WIRE_KEY);
	return k;
}

static void forget(struct tickets *k, struct used *u)
{
	LIST_REMOVE(u, chain);
	TAILQ_REMOVE(&k->by_age, u, by_age);
	k->n--;
	free(u);
}

void tickets_free(struct tickets *k)
{
	if (k == NULL)
		return;
	while (!TAILQ_EMPTY(&k->by_age))
		forget(k, TAILQ_FIRST(&k->by_age));
	secret_free(k->key, WIRE_KEY);
	(void)pthread_mutex_destroy(&k->lock);
	free(k);
}

int ticket_make(struct crypto *c, const struct tickets *k,
    const struct rng *rng, uint8_t out[WIRE_TICKET],
    const struct ticket_of *of, uint64_t now_s)
{
	uint8_t *p = out + WIRE_IV;
	int r;

	if ((r = rng->fill(rng->arg, out, WIRE_IV)) != 0)
		return r;
	put_u32(p, FORMAT);
	put_u64(p + 4, now_s + TICKET_SECONDS);
	memcpy(p + 12, of->identity, WIRE_ED25519);
	memcpy(p + 12 + WIRE_ED25519, of->account, WIRE_KEY);
	return crypto_seal(
	    c, p, k->key, out, LABEL_TICKET, sizeof(LABEL_TICKET), p, PLAIN);
}

static struct used *find(struct tickets *k, const uint8_t iv[WIRE_IV])
{
	struct used *u;

	LIST_FOREACH(u, &k->table[get_u32(iv) % TICKET_USED], chain)
	if (memcmp(u->iv, iv, WIRE_IV) == 0)
		return u;
	return NULL;
}

/* ERR_REPLAYED, or ERR_NOMEM. */
static int use(struct tickets *k, const uint8_t iv[WIRE_IV])
{
	struct used *u;

	if (find(k, iv) != NULL)
		return ERR_REPLAYED;
	if (k->n >= TICKET_USED)
		forget(k, TAILQ_FIRST(&k->by_age));
	if ((u = calloc(1, sizeof(*u))) == NULL)
		return ERR_NOMEM;
	memcpy(u->iv, iv, WIRE_IV);
	LIST_INSERT_HEAD(&k->table[get_u32(iv) % TICKET_USED], u, chain);
	TAILQ_INSERT_TAIL(&k->by_age, u, by_age);
	k->n++;
	return 0;
}

int ticket_take(struct crypto *c, struct tickets *k,
    const uint8_t ticket[WIRE_TICKET], struct ticket_of *of, uint64_t now_s)
{
	uint8_t p[PLAIN];
	int r;

	if ((r = crypto_open(c, p, k->key, ticket, LABEL_TICKET,
		 sizeof(LABEL_TICKET), ticket + WIRE_IV,
		 WIRE_TICKET - WIRE_IV)) != 0)
		return r;
	if (get_u32(p) != FORMAT)
		return ERR_OPEN;
	if (get_u64(p + 4) <= now_s)
		return ERR_TIMEOUT;
	(void)pthread_mutex_lock(&k->lock);
	r = use(k, ticket);
	(void)pthread_mutex_unlock(&k->lock);
	if (r != 0)
		return r;
	memcpy(of->identity, p + 12, WIRE_ED25519);
	memcpy(of->account, p + 12 + WIRE_ED25519, WIRE_KEY);
	return 0;
}

void ticket_return(struct tickets *k, const uint8_t ticket[WIRE_TICKET])
{
	struct used *u;

	(void)pthread_mutex_lock(&k->lock);
	if ((u = find(k, ticket)) != NULL)
		forget(k, u);
	(void)pthread_mutex_unlock(&k->lock);
}
