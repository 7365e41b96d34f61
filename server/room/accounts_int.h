/* accounts_int.h - the tables of accounts*.c. Inner header. */
#ifndef CONCLAVED_ROOM_ACCOUNTS_INT_H
#define CONCLAVED_ROOM_ACCOUNTS_INT_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "server/room/accounts.h"
#include "server/room/invite_stock.h"
#include "server/room/tally.h"
#include "server/store/store.h"

struct account_record {
	atomic_uint refs;
	struct kdf kdf;
	uint8_t salt[WIRE_NONCE];
	uint8_t w0[WIRE_SCALAR], l[WIRE_SHARE]; /* secret */
};

struct account;
struct device {
	LIST_ENTRY(device) of_account, by_identity;
	struct account *account;
	uint8_t identity[WIRE_ED25519];
	uint64_t first_s, last_s, put_s; /* put_s: what the store has of last_s */
};
LIST_HEAD(device_list, device);

struct account {
	LIST_ENTRY(account) by_name, by_key;
	char name[WIRE_NAME_MAX + 1];
	uint8_t key[WIRE_KEY];
	uint64_t made_s;
	struct account_record *password; /* a reference; NULL: none */
	struct device_list devices;
	size_t n_devices;
};
LIST_HEAD(account_list, account);

struct invite {
	TAILQ_ENTRY(invite) all; /* ascending by id */
	char id[WIRE_INVITE_ID + 1];
	uint32_t uses, left, room;
	uint64_t until_s;
	enum role role;
	bool has_by, has_whose;
	uint8_t by[WIRE_KEY], whose[WIRE_KEY];
	struct account_record *secret; /* a reference */
};

enum { ACCOUNT_BUCKETS = 1 << 13 };

struct accounts {
	pthread_mutex_t lock;
	struct rng rng;
	struct standing *standing; /* borrowed */
	struct store *store;	   /* borrowed; NULL: nothing is put */
	struct directs *directs;
	uint8_t *secret;	   /* WIRE_KEY bytes */
	uint32_t seed;		   /* of the hashes */
	struct accounts_limits limits;
	size_t n, n_invites;
	struct account_list by_name[ACCOUNT_BUCKETS], by_key[ACCOUNT_BUCKETS];
	struct device_list by_identity[ACCOUNT_BUCKETS];
	TAILQ_HEAD(, invite) invites;
	/* Of names, and of invites, that let nobody in. */
	struct account_record *nobody, *no_invite;
	struct invite_stock *stock;
	/* New accounts of an address in this hour. */
	struct tallies made;
	struct tally *counted[ACCOUNTS_ADDRESSES];
	size_t n_counted;
	uint64_t hour;
};

/* accounts.c; all locked. */
struct account *account_named(struct accounts *t, const char *name);
struct account *account_of(struct accounts *t, const uint8_t key[WIRE_KEY]);
struct device *account_device(
    const struct account *a, const uint8_t identity[WIRE_ED25519]);
/* The devices in this identity's bucket: compare it. */
struct device_list *account_devices_of(
    struct accounts *t, const uint8_t identity[WIRE_ED25519]);
struct account *account_add(struct accounts *t, const uint8_t key[WIRE_KEY],
    const char *name, uint64_t made_s);
struct device *device_add(struct accounts *t, struct account *a,
    const uint8_t identity[WIRE_ED25519]);
void device_drop(struct device *d);
void account_drop(struct accounts *t, struct account *a);
struct invite *invite_find(struct accounts *t, const char *id);
void invite_insert(struct accounts *t, struct invite *v);
void invite_drop(struct accounts *t, struct invite *v);
bool invite_over(const struct invite *v, uint64_t now_s);
/* A word's salt, whether it lets anybody in or not; without the lock. Only that
 * of an own password is the client's. So an invite's never changes. */
int accounts_salt(struct accounts *t, struct crypto *c, const char *word,
    uint8_t out[WIRE_HASH]) MUST_CHECK;
struct account_record *account_record_new(
    const struct kdf *kdf, const struct store_secret *s);
/* How it is stored. Borrows. */
struct store_secret account_record_stored(const struct account_record *r);
/* For the stock: t is the accounts, whose lock is not needed. */
int invite_make(void *t, struct invite_made *v) MUST_CHECK;
int accounts_put(struct accounts *t, const struct store_change *c,
    uint64_t *ticket) MUST_CHECK;

static inline void accounts_lock(struct accounts *t)
{
	(void)pthread_mutex_lock(&t->lock);
}

static inline void accounts_unlock(struct accounts *t)
{
	(void)pthread_mutex_unlock(&t->lock);
}

#endif
